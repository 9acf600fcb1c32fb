// What the server says of a document, in words.
import type { PolicyProblem } from "../api/types.gen";

export function Verdict({ verdict }: { verdict: PolicyProblem | null | undefined }) {
  return (
    <div aria-live="polite">
      {verdict === undefined ? <span className="muted">Checking …</span> : null}
      {verdict === null ? <span className="badge good">In order</span> : null}
      {verdict ? (
        <span className="text-bad">
          {verdict.at}: {verdict.message}
        </span>
      ) : null}
    </div>
  );
}
