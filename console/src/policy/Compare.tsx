// What differs between two documents: CodeMirror's unified view, nothing to be changed in it.
import { json } from "@codemirror/lang-json";
import { syntaxHighlighting } from "@codemirror/language";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { colours, look } from "./look";

type Props = { label: string; before: string; after: string };

export function Compare({ label, before, after }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
    const made = new EditorView({
      parent,
      doc: after,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        EditorView.lineWrapping,
        json(),
        syntaxHighlighting(colours),
        look,
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        unifiedMergeView({ original: before, mergeControls: false, gutter: true }),
      ],
    });
    return () => made.destroy();
  }, [label, before, after]);
  if (before === after) return <p className="muted panel-body">They say the same.</p>;
  return <div ref={box} className="policy-editor compare" />;
}
