// A draft as JSON, with the server's problems at their place.
import { useCallback } from "react";
import type { ProfileProblem } from "../api/types.gen";
import { JsonEditor, type Mark } from "../components/JsonEditor";
import { placeOf } from "./place";

type Props = {
  text: string;
  problems: ProfileProblem[];
  readOnly: boolean;
  onChange: (text: string) => void;
};

const MARKS_MAX = 200;

export function ProfileJson({ text, problems, readOnly, onChange }: Props) {
  const marks = useCallback(
    (shown: string): Mark[] =>
      problems
        .slice(0, MARKS_MAX)
        .map((one) => ({ ...placeOf(shown, one.path), message: `${one.path}: ${one.problem}` }))
        .sort((a, b) => a.from - b.from),
    [problems],
  );
  return (
    <JsonEditor label="Profile as JSON" text={text} marks={marks} readOnly={readOnly} onChange={onChange} />
  );
}
