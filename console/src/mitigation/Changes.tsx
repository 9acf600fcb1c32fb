// Changes as before and after.
import type { MitigationChange } from "../api/types.gen";
import { CertificateLink, PolicyLink, ThingLink } from "../components/RegistryLinks";
import { keyOf } from "./plan";

export function Changes({ changes, did }: { changes: MitigationChange[]; did: boolean }) {
  return (
    <ul className="changes">
      {changes.map((change) => (
        <li key={keyOf(change)} className={change.is_done ? "done" : ""}>
          <span className="resource anywhere">
            <Resource text={change.resource} />
          </span>
          <span className="turn">
            {change.before === "" ? null : (
              <>
                <span className="visually-hidden">from </span>
                <span className="before">{change.before}</span>
                <span aria-hidden="true"> → </span>
                <span className="visually-hidden"> to </span>
              </>
            )}
            <span className="after">{change.after}</span>
          </span>
          {change.is_done ? <span className="badge">{did ? "was so already" : "is so already"}</span> : null}
          <span className="muted operation">{change.operation}</span>
        </li>
      ))}
    </ul>
  );
}

/** What is changed, with a link where it has a page. */
function Resource({ text }: { text: string }) {
  const [kind = "", name = ""] = text.split(/ (.*)/s);
  if (kind === "certificate" && /^[0-9a-f]{64}$/.test(name)) {
    return (
      <>
        certificate <CertificateLink id={name} />
      </>
    );
  }
  if (kind === "thing" && name !== "") {
    return (
      <>
        thing <ThingLink name={name} />
      </>
    );
  }
  if (kind === "policy" && name !== "") {
    return (
      <>
        policy <PolicyLink name={name} />
      </>
    );
  }
  return text;
}
