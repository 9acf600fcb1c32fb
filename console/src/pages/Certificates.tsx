import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { certificatesQuery } from "../api/registry";
import { Icon } from "../components/Icon";
import { ListPage, Table } from "../components/ListPage";
import { NewCertificate } from "../components/NewCertificate";
import { CertificateLink, CertificateStatus } from "../components/RegistryLinks";
import { count, dateTime, duration } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/certificates");

export function Certificates() {
  const { after } = route.useSearch();
  const [adding, setAdding] = useState(false);
  const isAdmin = useIsAdmin();
  const { data, error, refetch, dataUpdatedAt } = useQuery(certificatesQuery({ after }));
  return (
    <>
      <ListPage
        title="Certificates"
        what="certificates"
        aside={data ? <span className="muted number">{count(data.total)} registered</span> : null}
        error={error}
        retry={() => void refetch()}
        rows={data?.certificates.length}
        empty={{ title: "There are no certificates yet" }}
        actions={
          isAdmin ? (
            <button type="button" className="button primary" onClick={() => setAdding(true)}>
              <Icon name="plus" />
              New certificate
            </button>
          ) : null
        }
        paging={
          data?.next ? (
            <Link className="button" to="/certificates" search={{ after: data.next }}>
              Next page
            </Link>
          ) : null
        }
      >
        <Table columns={["Id", "Status", "Signed by", "Valid until", "Registered"]}>
          {data?.certificates.map((certificate) => (
            <tr key={certificate.id}>
              <td>
                <CertificateLink id={certificate.id} />
              </td>
              <td>
                <CertificateStatus status={certificate.status} />
              </td>
              <td>
                {certificate.ca ? (
                  <span className="mono" title={certificate.ca}>
                    {certificate.ca.slice(0, 16)}…
                  </span>
                ) : (
                  <span className="muted">Picket</span>
                )}
              </td>
              <td className="number">
                {dateTime(certificate.not_after_ms)}{" "}
                <span className="muted">
                  {certificate.not_after_ms > dataUpdatedAt
                    ? `in ${duration(certificate.not_after_ms - dataUpdatedAt)}`
                    : "expired"}
                </span>
              </td>
              <td className="number nowrap muted">{dateTime(certificate.created_ms)}</td>
            </tr>
          ))}
        </Table>
      </ListPage>
      {adding ? <NewCertificate onClose={() => setAdding(false)} /> : null}
    </>
  );
}
