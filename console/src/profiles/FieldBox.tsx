// A labelled field of the form, with what the server finds wrong with it.
import { type ReactNode, useId } from "react";
import type { ProfileProblem } from "../api/types.gen";
import { problemsIn } from "./problems";

/** What the control takes over, so that its label, hint and problems are read out with it. */
export type ControlProps = {
  id: string;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
};

type Props = {
  label: ReactNode;
  /** Where in the document it stands, for example `behaviors[0].name`. */
  place: string;
  problems: ProfileProblem[];
  hint?: ReactNode;
  wide?: boolean;
  children: (control: ControlProps) => ReactNode;
};

export function FieldBox({ label, place, problems, hint, wide, children }: Props) {
  const id = useId();
  const own = problemsIn(problems, place);
  const described = [own.length > 0 ? `${id}-problems` : "", hint ? `${id}-hint` : ""]
    .filter(Boolean)
    .join(" ");
  return (
    <div className={wide ? "field wide" : "field"}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": own.length > 0, "aria-describedby": described || undefined })}
      {own.length > 0 ? <Problems id={`${id}-problems`} problems={own} /> : null}
      {hint ? (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
    </div>
  );
}

const SHOWN_MAX = 5;

/** Problems as lines; with their place where they are shown apart from it. */
export function Problems({
  id,
  problems,
  withPlace,
}: {
  id?: string;
  problems: ProfileProblem[];
  withPlace?: boolean;
}) {
  return (
    <ul className="problems wide" id={id}>
      {problems.slice(0, SHOWN_MAX).map((one) => (
        <li key={`${one.path} ${one.problem}`}>
          {withPlace && one.path !== "" ? <code>{one.path}</code> : null} {one.problem}
        </li>
      ))}
      {problems.length > SHOWN_MAX ? <li>and {problems.length - SHOWN_MAX} more</li> : null}
    </ul>
  );
}
