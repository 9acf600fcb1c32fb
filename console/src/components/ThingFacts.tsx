// What the registry knows about a thing, and who is connected as it.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Thing } from "../api/types.gen";
import { reasonWords } from "../connections/reasons";
import { dateTime, duration } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { Explain } from "../policy/Explain";
import { Icon } from "./Icon";
import { Table } from "./ListPage";
import { NewCertificate } from "./NewCertificate";
import { CertificateLink, CertificateStatus, GroupLink, PolicyLink } from "./RegistryLinks";
import { Empty } from "./StateViews";

export function ThingFacts({ thing, now }: { thing: Thing; now: number }) {
  return (
    <div className="columns">
      <div className="stack">
        <Certificates thing={thing} now={now} />
        <Connections thing={thing} now={now} />
        <Registry thing={thing} />
      </div>
      <div className="stack">
        <Policies thing={thing} />
        <Explain thing={thing.name} />
      </div>
    </div>
  );
}

function Certificates({ thing, now }: { thing: Thing; now: number }) {
  const isAdmin = useIsAdmin();
  const [adding, setAdding] = useState(false);
  return (
    <section className="panel" aria-labelledby="certificates">
      <div className="panel-head">
        <h2 id="certificates">Certificates</h2>
        {isAdmin && thing.registered ? (
          <button type="button" className="button quiet end" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            New certificate
          </button>
        ) : null}
      </div>
      {thing.certificates.length === 0 ? (
        <Empty title="No certificate is attached">
          <p>Nothing can connect as this thing.</p>
        </Empty>
      ) : (
        <Table columns={["Id", "Status", "Valid until"]}>
          {thing.certificates.map((certificate) => (
            <tr key={certificate.id}>
              <td className="mono">
                <CertificateLink id={certificate.id} />
              </td>
              <td>
                <CertificateStatus status={certificate.status} />
              </td>
              <td className="number">
                {dateTime(certificate.not_after_ms)}{" "}
                <span className="muted">
                  {certificate.not_after_ms > now
                    ? `in ${duration(certificate.not_after_ms - now)}`
                    : "expired"}
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {adding ? <NewCertificate thing={thing.name} onClose={() => setAdding(false)} /> : null}
    </section>
  );
}

function Connections({ thing, now }: { thing: Thing; now: number }) {
  return (
    <section className="panel" aria-labelledby="connections">
      <div className="panel-head">
        <h2 id="connections">Connection</h2>
        <Link className="end" to="/connections" search={{ view: "log", prefix: thing.name }}>
          Its log
        </Link>
      </div>
      {thing.connections.length === 0 ? (
        <Empty title="It is not connected">
          <p>No session waits for it either. The log says when it left, and whether it was turned away.</p>
        </Empty>
      ) : (
        <Table columns={["Client id", "State", "Since", "By", "Subscriptions", "Waiting"]}>
          {thing.connections.map((one) => (
            <tr key={one.client_id}>
              <td>{one.client_id}</td>
              <td>
                {one.is_connected ? (
                  <span className="badge good">connected</span>
                ) : (
                  <span className="badge" title={one.disconnect_reason ?? ""}>
                    {reasonWords(one.disconnect_reason) || "away"}
                  </span>
                )}
              </td>
              <td className="number nowrap">{duration(now - one.since_ms)}</td>
              <td>
                {one.protocol} <span className="mono muted">{one.source}</span>
              </td>
              <td className="number">{one.subscriptions}</td>
              <td className="number">{one.waiting}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function Registry({ thing }: { thing: Thing }) {
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="panel-head">
        <h2 id="facts">Registry</h2>
      </div>
      <dl className="facts panel-body">
        <dt>Type</dt>
        <dd>
          {thing.type_name ? (
            <Link to="/things" search={{ type_name: thing.type_name }}>
              {thing.type_name}
            </Link>
          ) : (
            "–"
          )}
        </dd>
        <dt>Groups</dt>
        <dd>
          <Groups names={thing.groups} />
        </dd>
        <dt>Billing group</dt>
        <dd>{thing.billing_group ?? "–"}</dd>
        <dt>Created</dt>
        <dd className="number">{thing.created_ms === null ? "–" : dateTime(thing.created_ms)}</dd>
        <dt>Version</dt>
        <dd className="number">{thing.version ?? "–"}</dd>
        {thing.attributes.map((attribute) => (
          <div key={attribute.name} style={{ display: "contents" }}>
            <dt>{attribute.name}</dt>
            <dd>
              <Link to="/things" search={{ attribute: `${attribute.name}=${attribute.value}` }}>
                {attribute.value}
              </Link>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** All that apply, by whichever way. */
function Policies({ thing }: { thing: Thing }) {
  return (
    <section className="panel" aria-labelledby="policies">
      <div className="panel-head">
        <h2 id="policies">Policies</h2>
      </div>
      {thing.policies.length === 0 ? (
        <Empty title="No policy applies">
          <p>Without one a device may not even connect.</p>
        </Empty>
      ) : (
        <ul className="ties">
          {thing.policies.map((policy) => (
            <li key={policy.name}>
              <PolicyLink name={policy.name} />
              <span className="muted">
                by {policy.via}{" "}
                {policy.via === "certificate" ? <CertificateLink id={policy.via_name} /> : null}
                {policy.via === "group" ? <GroupLink name={policy.via_name} /> : null}
                {policy.via === "identity" ? policy.via_name : null}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Groups({ names }: { names: string[] }) {
  if (names.length === 0) return "–";
  return names.map((name, index) => (
    <span key={name}>
      {index > 0 ? ", " : ""}
      <GroupLink name={name} />
    </span>
  ));
}
