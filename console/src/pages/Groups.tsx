import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { createGroup, groupsQuery } from "../api/registry";
import { ActionDialog, Field, NAME_PATTERN } from "../components/ActionDialog";
import { NewButton } from "../components/EntryActions";
import { GroupTree } from "../components/GroupTree";
import { FilterField, ListPage, Table } from "../components/ListPage";
import { GroupLink } from "../components/RegistryLinks";
import { dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/groups");

export function Groups() {
  const { prefix, after } = route.useSearch();
  const navigate = route.useNavigate();
  const [adding, setAdding] = useState(false);
  const isAdmin = useIsAdmin();
  // A search finds groups wherever they lie; else the tree is walked from its roots.
  const { data, error, refetch } = useQuery(
    groupsQuery(prefix ? { prefix, after } : { uppermost: "true", after }),
  );
  return (
    <>
      <ListPage
        title="Thing groups"
        what="groups"
        error={error}
        retry={() => void refetch()}
        rows={data?.groups.length}
        empty={{
          title: prefix ? `No group's name begins with “${prefix}”` : "There are no groups yet",
          text: "A group gives policies and security profiles to all things in it.",
        }}
        actions={
          <>
            <FilterField
              label="Only groups whose name begins with this"
              placeholder="Name begins with …"
              value={prefix ?? ""}
              onChange={(value) => void navigate({ search: { prefix: value || undefined }, replace: true })}
            />
            {isAdmin ? <NewButton text="New group" onClick={() => setAdding(true)} /> : null}
          </>
        }
        paging={
          data?.next ? (
            <Link className="button" to="/groups" search={{ prefix, after: data.next }}>
              Next page
            </Link>
          ) : null
        }
      >
        {prefix ? (
          <Table columns={["Name", "Lies in", "Description", "Created"]}>
            {data?.groups.map((group) => (
              <tr key={group.name}>
                <td>
                  <GroupLink name={group.name} />
                </td>
                <td>{group.parent ? <GroupLink name={group.parent} /> : <span className="muted">–</span>}</td>
                <td>{group.description}</td>
                <td className="number nowrap muted">{dateTime(group.created_ms)}</td>
              </tr>
            ))}
          </Table>
        ) : (
          <GroupTree roots={data?.groups ?? []} />
        )}
      </ListPage>
      {adding ? <NewGroup onClose={() => setAdding(false)} /> : null}
    </>
  );
}

export function NewGroup({ parent, onClose }: { parent?: string; onClose: () => void }) {
  return (
    <ActionDialog
      title={parent ? `New group in ${parent}` : "New group"}
      verb="Create"
      onClose={onClose}
      act={(field) =>
        createGroup({
          name: field("name"),
          ...(field("parent") ? { parent: field("parent") } : {}),
          ...(field("description") ? { description: field("description") } : {}),
        })
      }
    >
      <Field name="name" label="Name" required pattern={NAME_PATTERN} />
      <Field
        name="parent"
        label="Lies in"
        value={parent}
        pattern={NAME_PATTERN}
        hint="Another group, or nothing. It cannot be changed later."
      />
      <Field name="description" label="Description" />
    </ActionDialog>
  );
}
