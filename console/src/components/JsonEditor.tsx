// An editor of JSON: CodeMirror, with what the server says at its place.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { colours, look } from "../policy/look";

/** Something that is wrong with a stretch of the text. */
export type Mark = { from: number; to: number; message: string };

type Props = {
  label: string;
  /** The text at first; a new one replaces what is there. */
  text: string;
  /** What is wrong, for the text that is in the editor. Keep the function as long as its answer stays. */
  marks: (text: string) => Mark[];
  readOnly?: boolean;
  onChange?: (text: string) => void;
};

export function JsonEditor({ label, text, marks, readOnly, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useRef(onChange);
  changed.current = onChange;

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const made = new EditorView({ parent, extensions: extensions(label, readOnly ?? false, changed) });
    view.current = made;
    return () => made.destroy();
  }, [label, readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const end = editor.state.doc.length;
    const found = marks(editor.state.doc.toString())
      .filter((mark) => mark.to <= end)
      .map((mark) => ({ ...mark, severity: "error" as const }));
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [marks]);

  return (
    <>
      <div ref={box} className="policy-editor" />
      {readOnly ? null : (
        <p className="muted editor-hint">
          In the editor Tab indents. To leave it by keyboard, press <kbd>Esc</kbd>, then <kbd>Tab</kbd>.
        </p>
      )}
    </>
  );
}

function extensions(
  label: string,
  readOnly: boolean,
  changed: { current: ((text: string) => void) | undefined },
) {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
  return [
    EditorView.cspNonce.of(nonce),
    // Escape, then Tab leaves the editor, as CodeMirror has it; the hint below the editor says so.
    keymap.of([indentWithTab, ...historyKeymap, ...defaultKeymap]),
    history(),
    lineNumbers(),
    drawSelection(),
    bracketMatching(),
    EditorView.lineWrapping,
    json(),
    syntaxHighlighting(colours),
    look,
    EditorView.editable.of(!readOnly),
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) changed.current?.(update.state.doc.toString());
    }),
  ];
}
