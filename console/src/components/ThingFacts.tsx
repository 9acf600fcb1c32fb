// What the registry knows about a thing.
import type { Thing } from "../api/types.gen";
import { dateTime, duration } from "../lib/format";
import { CertificateLink, CertificateStatus, GroupLink } from "./RegistryLinks";
import { Empty } from "./StateViews";
import { TableScroll } from "./TableScroll";

export function ThingFacts({ thing, now }: { thing: Thing; now: number }) {
  return (
    <div className="columns">
      <section className="panel" aria-labelledby="certificates">
        <div className="panel-head">
          <h2 id="certificates">Certificates</h2>
        </div>
        {thing.certificates.length === 0 ? (
          <Empty title="No certificate is attached" />
        ) : (
          <Certificates thing={thing} now={now} />
        )}
      </section>
      <section className="panel" aria-labelledby="facts">
        <div className="panel-head">
          <h2 id="facts">Registry</h2>
        </div>
        <dl className="facts panel-body">
          <dt>Type</dt>
          <dd>{thing.type_name ?? "–"}</dd>
          <dt>Groups</dt>
          <dd>
            <Groups names={thing.groups} />
          </dd>
          <dt>Created</dt>
          <dd className="number">{thing.created_ms === null ? "–" : dateTime(thing.created_ms)}</dd>
          {thing.attributes.map((attribute) => (
            <div key={attribute.name} style={{ display: "contents" }}>
              <dt>{attribute.name}</dt>
              <dd>{attribute.value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

function Certificates({ thing, now }: { thing: Thing; now: number }) {
  return (
    <TableScroll label="Table of certificates">
      <table>
        <thead>
          <tr>
            <th scope="col">Id</th>
            <th scope="col">Status</th>
            <th scope="col">Valid until</th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </TableScroll>
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
