// Changes as before and after.
import type { PlannedChange } from "../api/response-types";
import { keyOf } from "./plan";

export function Changes({ changes, did }: { changes: PlannedChange[]; did: boolean }) {
  return (
    <ul className="changes">
      {changes.map((change) => (
        <li key={keyOf(change)} className={change.is_done ? "done" : ""}>
          <span className="resource anywhere">{change.resource}</span>
          <span className="turn">
            <span className="visually-hidden">from </span>
            <span className="before">{change.before}</span>
            <span aria-hidden="true"> → </span>
            <span className="visually-hidden"> to </span>
            <span className="after">{change.after}</span>
          </span>
          {change.is_done ? <span className="badge">{did ? "was so already" : "is so already"}</span> : null}
          <span className="muted operation">{change.operation}</span>
        </li>
      ))}
    </ul>
  );
}
