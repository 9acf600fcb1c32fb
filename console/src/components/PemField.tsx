// A field for PEM text: pasted, or read from a file.
import { type ReactNode, useRef, useState } from "react";

type Props = { name: string; label: string; hint?: ReactNode; required?: boolean; placeholder: string };

/** Far more than any of them has. */
const BYTES_MAX = 64 * 1024;

export function PemField({ name, label, hint, required, placeholder }: Props) {
  const id = `field-${name}`;
  const text = useRef<HTMLTextAreaElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const read = async (file: File | undefined) => {
    setProblem(null);
    if (!file || !text.current) return;
    if (file.size > BYTES_MAX) {
      setProblem(`${file.name} is too large to be that.`);
      return;
    }
    text.current.value = await file.text();
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        ref={text}
        className="input mono"
        id={id}
        name={name}
        rows={5}
        required={required}
        placeholder={placeholder}
        spellCheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      <input
        type="file"
        aria-label={`${label} from a file`}
        onChange={(event) => void read(event.target.files?.[0])}
      />
      {problem ? <p className="text-bad">{problem}</p> : null}
      {hint ? (
        <p className="muted" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
    </div>
  );
}
