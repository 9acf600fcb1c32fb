// A dialog that asks for what a change needs, makes it, and says what went wrong.
import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "./Dialog";

type Props = {
  title: string;
  /** The button that does it: `Create`, `Revoke`, … */
  verb: string;
  /** Whether it takes something away. */
  dangerous?: boolean;
  onClose: () => void;
  /** What Cancel and Escape do, where that is not `onClose`. */
  onCancel?: () => void;
  /** Makes the change with the form's fields; the dialog closes when it is done. */
  act: (fields: (name: string) => string) => Promise<unknown>;
  children?: ReactNode;
};

export function ActionDialog({ title, verb, dangerous, onClose, onCancel, act, children }: Props) {
  const cancel = onCancel ?? onClose;
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      await act((name) => String(data.get(name) ?? "").trim());
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "It did not work.");
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={cancel}>
      <form onSubmit={submit}>
        <div className="panel-body stack">
          {problem ? (
            <div className="notice bad" role="alert">
              {problem}
            </div>
          ) : null}
          {children}
        </div>
        <div className="foot">
          <button type="button" className="button" onClick={cancel}>
            Cancel
          </button>
          <button type="submit" className={`button ${dangerous ? "danger" : "primary"}`} disabled={busy}>
            {busy ? "One moment …" : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

type FieldProps = {
  name: string;
  label: string;
  hint?: ReactNode;
  value?: string | undefined;
  required?: boolean;
  /** A regular expression the whole text must match. */
  pattern?: string;
  /** Names to choose from while typing. */
  options?: string[];
  maxLength?: number;
};

/** A line of text in an `ActionDialog`. */
export function Field(props: FieldProps) {
  const { name, label, hint, value, required, pattern, options, maxLength } = props;
  const id = `field-${name}`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        className="input mono"
        id={id}
        name={name}
        defaultValue={value}
        required={required}
        maxLength={maxLength ?? 800}
        pattern={pattern}
        list={options ? `${id}-options` : undefined}
        spellCheck={false}
        autoComplete="off"
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      {options ? (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      ) : null}
      {hint ? (
        <p className="muted" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
    </div>
  );
}

/** Names of the registry, as `pattern` of a `Field`. */
export const NAME_PATTERN = "[a-zA-Z0-9:_\\-]+";
export const POLICY_NAME_PATTERN = "[a-zA-Z0-9_+=,.@\\-]+";
