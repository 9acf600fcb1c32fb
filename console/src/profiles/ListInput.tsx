// The elements of a threshold's list: each can be taken away, more are typed or pasted.
import { type ClipboardEvent, type KeyboardEvent, useRef, useState } from "react";
import { count } from "../lib/format";
import type { MetricKind } from "./document";
import { type Element, elementsIn, together } from "./elements";
import type { ControlProps } from "./FieldBox";

const SHOWN_MAX = 60;

const HINTS: Partial<Record<MetricKind, string>> = {
  ports: "22, 8883, 8000-8010",
  cidrs: "10.0.0.0/8, 2001:db8::/32",
  numbers: "1, 2.5",
  strings: "one text a time",
};

type Props = {
  control: ControlProps;
  kind: MetricKind;
  /** For names of buttons: `port`, `address`. */
  elements: Element[];
  /** Places of those that have a problem. */
  bad: ReadonlySet<number>;
  onChange: (elements: Element[]) => void;
};

export function ListInput({ control, kind, elements, bad, onChange }: Props) {
  const [typed, setTyped] = useState("");
  const [showsAll, setShowsAll] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const add = (text: string) => {
    const added = elementsIn(kind, text);
    setTyped("");
    if (added.length > 0) onChange(together(elements, added));
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const ends = event.key === "Enter" || (event.key === "," && kind !== "strings");
    if (ends) {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "" && elements.length > 0) {
      onChange(elements.slice(0, -1));
    }
  };
  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\s,;]/.test(text.trim()) || kind === "strings") return;
    event.preventDefault();
    add(`${typed} ${text}`);
  };
  const remove = (index: number) => {
    onChange(elements.filter((_, n) => n !== index));
    input.current?.focus();
  };
  // One that is wrong is shown however many there are before it.
  const shown = elements
    .map((element, index) => ({ element, index }))
    .filter(({ index }) => showsAll || index < SHOWN_MAX || bad.has(index));
  return (
    <div className="list-input">
      <ul aria-label={`${count(elements.length)} in the list`}>
        {shown.map(({ element, index }) => (
          <li key={`${element}`} className={bad.has(index) ? "chip bad" : "chip"}>
            <span className="mono">{String(element)}</span>
            <button type="button" aria-label={`Remove ${element}`} onClick={() => remove(index)}>
              ×
            </button>
          </li>
        ))}
      </ul>
      {shown.length < elements.length ? (
        <button type="button" className="button quiet" onClick={() => setShowsAll(true)}>
          Show all {count(elements.length)}
        </button>
      ) : null}
      <input
        {...control}
        ref={input}
        className="input mono"
        value={typed}
        placeholder={HINTS[kind]}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKey}
        onPaste={onPaste}
        onBlur={() => add(typed)}
      />
    </div>
  );
}
