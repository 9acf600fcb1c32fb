import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { authoritiesQuery } from "../api/registry";
import { AuthorityForm } from "../components/AuthorityForm";
import { CertificateTabs } from "../components/CertificateTabs";
import { NewButton } from "../components/EntryActions";
import { ListPage, Table } from "../components/ListPage";
import { AuthorityLink, AuthorityStatus } from "../components/RegistryLinks";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/authorities");

export function Authorities() {
  const { after } = route.useSearch();
  const [adding, setAdding] = useState(false);
  const isAdmin = useIsAdmin();
  const { data, error, refetch } = useQuery(authoritiesQuery({ after }));
  return (
    <>
      <ListPage
        title="Authorities"
        what="authorities"
        aside={<CertificateTabs />}
        error={error}
        retry={() => void refetch()}
        rows={data?.authorities.length}
        empty={{
          title: "No authority of yours is registered",
          text: "Certificates of Picket need none. Register the CA that your maker signs devices with, and they are let in: one by one, or by themselves when they connect for the first time.",
        }}
        actions={isAdmin ? <NewButton text="Register a CA" onClick={() => setAdding(true)} /> : null}
        paging={
          data?.next ? (
            <Link className="button" to="/authorities" search={{ after: data.next }}>
              Next page
            </Link>
          ) : null
        }
      >
        <Table columns={["Id", "Subject", "Status", "New devices", "Valid until", "Registered"]}>
          {data?.authorities.map((authority) => (
            <tr key={authority.id}>
              <td>
                <AuthorityLink id={authority.id} />
              </td>
              <td>{authority.subject}</td>
              <td>
                <AuthorityStatus status={authority.status} />
              </td>
              <td>{welcome(authority)}</td>
              <td className="number nowrap">{dateTime(authority.not_after_ms)}</td>
              <td className="number nowrap muted">{dateTime(authority.created_ms)}</td>
            </tr>
          ))}
        </Table>
      </ListPage>
      {adding ? <AuthorityForm onClose={() => setAdding(false)} /> : null}
    </>
  );
}

/** What becomes of a device that comes with a certificate nobody has registered. */
function welcome(authority: { auto_registration: boolean; has_template: boolean }): string {
  if (!authority.auto_registration) return "are registered by hand";
  return authority.has_template ? "are provisioned by a template" : "wait to be activated";
}
