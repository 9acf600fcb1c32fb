// Certificates in a table.
import type { CertificateRow } from "../api/types.gen";
import { dateTime, duration } from "../lib/format";
import { Table } from "./ListPage";
import { AuthorityLink, CertificateLink, CertificateStatus } from "./RegistryLinks";

/** `now` tells how long they are valid yet. */
export function CertificateRows({ certificates, now }: { certificates: CertificateRow[]; now: number }) {
  return (
    <Table columns={["Id", "Status", "Signed by", "Valid until", "Registered"]}>
      {certificates.map((certificate) => (
        <tr key={certificate.id}>
          <td>
            <CertificateLink id={certificate.id} />
          </td>
          <td>
            <CertificateStatus status={certificate.status} />
          </td>
          <td>
            {certificate.ca ? <AuthorityLink id={certificate.ca} /> : <span className="muted">Picket</span>}
          </td>
          <td className="number nowrap">
            {dateTime(certificate.not_after_ms)}{" "}
            {certificate.not_after_ms > now ? (
              <span className="muted">in {duration(certificate.not_after_ms - now)}</span>
            ) : (
              <span className="badge bad">expired</span>
            )}
          </td>
          <td className="number nowrap muted">{dateTime(certificate.created_ms)}</td>
        </tr>
      ))}
    </Table>
  );
}
