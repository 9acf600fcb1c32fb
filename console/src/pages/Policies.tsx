import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { policiesQuery } from "../api/registry";
import { Icon } from "../components/Icon";
import { ListPage, Table } from "../components/ListPage";
import { PolicyLink } from "../components/RegistryLinks";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/policies");

export function Policies() {
  const { after } = route.useSearch();
  const isAdmin = useIsAdmin();
  const { data, error, refetch } = useQuery(policiesQuery({ after }));
  return (
    <ListPage
      title="Policies"
      what="policies"
      error={error}
      retry={() => void refetch()}
      rows={data?.policies.length}
      empty={{
        title: "There are no policies yet",
        text: "A policy says what devices may do. It is attached to certificates and thing groups.",
      }}
      actions={
        isAdmin ? (
          <Link className="button primary" to="/new-policy">
            <Icon name="plus" />
            New policy
          </Link>
        ) : null
      }
      paging={
        data?.next ? (
          <Link className="button" to="/policies" search={{ after: data.next }}>
            Next page
          </Link>
        ) : null
      }
    >
      <Table columns={["Name", "In force", "Versions", "Changed", "Created"]}>
        {data?.policies.map((policy) => (
          <tr key={policy.name}>
            <td>
              <PolicyLink name={policy.name} />
            </td>
            <td className="number">version {policy.default_version}</td>
            <td className="number">{policy.versions}</td>
            <td className="number nowrap muted">{dateTime(policy.modified_ms)}</td>
            <td className="number nowrap muted">{dateTime(policy.created_ms)}</td>
          </tr>
        ))}
      </Table>
    </ListPage>
  );
}
