// The policy editor: JSON, and the server's verdict at its place.
import { useCallback } from "react";
import type { PolicyProblem } from "../api/types.gen";
import { JsonEditor } from "../components/JsonEditor";
import { stretchAt } from "../search/position";

type Props = {
  label: string;
  /** The text at first; a new one replaces what is there. */
  text: string;
  problem: PolicyProblem | null;
  readOnly?: boolean;
  onChange?: (text: string) => void;
};

export function PolicyEditor({ problem, ...editor }: Props) {
  const marks = useCallback(
    (text: string) => {
      const line = problem?.line;
      if (!problem || typeof line !== "number") return [];
      return [{ ...stretchAt(text, line, problem.column ?? 1), message: problem.message }];
    },
    [problem],
  );
  return <JsonEditor {...editor} marks={marks} />;
}
