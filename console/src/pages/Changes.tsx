import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { changesQuery } from "../api/registry";
import { FilterField, ListPage, Table } from "../components/ListPage";
import { dateTime } from "../lib/format";

const route = getRouteApi("/changes");

export function Changes() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch } = useQuery(changesQuery(search));
  const narrow = (part: { actor?: string | undefined; resource?: string | undefined }) =>
    void navigate({ search: { ...search, after: undefined, ...part }, replace: true });
  return (
    <ListPage
      title="Changes"
      what="changes"
      error={error}
      retry={() => void refetch()}
      rows={data?.changes.length}
      empty={{ title: "Nobody has changed anything like that" }}
      actions={
        <>
          <FilterField
            label="Only changes by this user"
            placeholder="User"
            value={search.actor ?? ""}
            onChange={(value) => narrow({ actor: value || undefined })}
          />
          <FilterField
            label="Only resources that begin with this"
            placeholder="thing/pump-17"
            value={search.resource ?? ""}
            onChange={(value) => narrow({ resource: value || undefined })}
          />
        </>
      }
      paging={
        data?.next ? (
          <Link className="button" to="/changes" search={{ ...search, after: data.next }}>
            Older changes
          </Link>
        ) : null
      }
    >
      <Table columns={["Time", "Who", "From", "Operation", "Resource", "Outcome"]}>
        {data?.changes.map((change) => (
          <tr key={change.request_id}>
            <td className="number nowrap">{dateTime(change.at_ms)}</td>
            <td style={{ minWidth: 96 }}>{change.actor}</td>
            <td className="mono nowrap">{change.source}</td>
            <td className="nowrap">
              {change.operation} <span className="muted">{change.service}</span>
            </td>
            <td className="mono">{change.resource}</td>
            <td>
              {change.error ? (
                <span className="badge bad">{change.error}</span>
              ) : (
                <span className="badge good">done</span>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </ListPage>
  );
}
