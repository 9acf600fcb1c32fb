// The SPL editor: CodeMirror with our language, completion, and errors at their place.
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { setDiagnostics } from "@codemirror/lint";
import { Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { ApiError } from "../api/client";
import { COMMANDS, FUNCTIONS, spl } from "./language";
import { stretchAt } from "./position";

type Props = {
  /** The text when the search was last run; the editor follows it. */
  text: string;
  error: ApiError | null;
  /** A word of the text that the person has to replace. */
  fillIn?: string | undefined;
  onChange: (text: string) => void;
  onRun: () => void;
};

export function SplEditor({ text, error, fillIn, onChange, onRun }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const handlers = useRef({ onChange, onRun });
  handlers.current = { onChange, onRun };

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const made = new EditorView({ parent, extensions: extensions(handlers) });
    view.current = made;
    made.focus();
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    // A place to fill in is selected, so that typing replaces it.
    const gap = fillIn === undefined ? -1 : text.indexOf(fillIn);
    const selection = gap < 0 ? { anchor: text.length } : { anchor: gap, head: gap + (fillIn?.length ?? 0) };
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text }, selection });
    if (gap >= 0) editor.focus();
  }, [text, fillIn]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const diagnostics = [];
    if (error?.line !== undefined && error.column !== undefined) {
      const place = stretchAt(editor.state.doc.toString(), error.line, error.column);
      diagnostics.push({ ...place, severity: "error" as const, message: error.message });
    }
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [error]);

  return <div ref={box} className="spl-editor" />;
}

function extensions(handlers: { current: { onChange: (text: string) => void; onRun: () => void } }) {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
  const run = () => {
    handlers.current.onRun();
    return true;
  };
  return [
    EditorView.cspNonce.of(nonce),
    Prec.high(keymap.of([{ key: "Mod-Enter", run }])),
    // Enter runs the search unless a completion is open, which has the key first; Shift-Enter breaks the line.
    keymap.of([...completionKeymap, { key: "Enter", run }, ...historyKeymap, ...defaultKeymap]),
    history(),
    drawSelection(),
    EditorView.lineWrapping,
    autocompletion({ override: [complete], icons: false, defaultKeymap: false }),
    placeholder("index=iot …"),
    spl(),
    look,
    EditorView.contentAttributes.of({ "aria-label": "Search in SPL", spellcheck: "false" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) handlers.current.onChange(update.state.doc.toString());
    }),
  ];
}

function complete(context: CompletionContext): CompletionResult | null {
  const afterPipe = context.matchBefore(/\|\s*\w*/);
  if (afterPipe) {
    const from = afterPipe.from + (/^\|\s*/.exec(afterPipe.text)?.[0].length ?? 0);
    return { from, options: COMMANDS.map((label) => ({ label, type: "keyword" })), validFor: /^\w*$/ };
  }
  const word = context.matchBefore(/[a-z]\w*/);
  const before = word ? context.state.doc.sliceString(0, word.from) : "";
  if (
    !word ||
    word.text.length < 2 ||
    !/\|\s*(eval|where|stats|chart|timechart|eventstats|streamstats)\b[^|]*$/.test(before)
  )
    return null;
  return {
    from: word.from,
    options: FUNCTIONS.map((label) => ({ label, type: "function", apply: `${label}(` })),
    validFor: /^\w*$/,
  };
}

const look = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", maxHeight: "240px" },
  ".cm-content": { padding: "7px 4px", minHeight: "34px", caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    {
      backgroundColor: "var(--accent-soft)",
    },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-tooltip": {
    backgroundColor: "var(--panel)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--accent)",
    color: "var(--accent-text)",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad) 1.5px",
    textUnderlineOffset: "3px",
  },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
});
