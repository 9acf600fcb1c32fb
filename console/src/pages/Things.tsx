import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { thingsQuery } from "../api/queries";
import type { ThingRow } from "../api/types.gen";
import { NewButton } from "../components/EntryActions";
import { FilterField, ListPage, Table } from "../components/ListPage";
import { NewThing } from "../components/NewThing";
import { count, dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/things");

export function Things() {
  const search = route.useSearch();
  const { prefix, attribute, type_name, group } = search;
  const navigate = route.useNavigate();
  const [adding, setAdding] = useState(false);
  const isAdmin = useIsAdmin();
  const { data, error, refetch } = useQuery(thingsQuery(search));
  const narrow = (text: string) =>
    void navigate({
      search: {
        type_name,
        prefix: text.includes("=") ? undefined : text || undefined,
        attribute: text.includes("=") ? text : undefined,
      },
      replace: true,
    });
  return (
    <>
      <ListPage
        title="Things"
        what="things"
        aside={
          <>
            {data ? <span className="muted number">{count(data.total)} registered</span> : null}
            {type_name ? <Narrowed text={`type ${type_name}`} title="Show things of all types" /> : null}
            {group ? <Narrowed text={`group ${group}`} title="Show things of all groups" /> : null}
          </>
        }
        error={error}
        retry={() => void refetch()}
        rows={data?.things.length}
        empty={emptiness(search)}
        actions={
          <>
            {group ? null : (
              <FilterField
                label="Only things whose name begins with this, or with this attribute=value"
                placeholder="Name, or site=west"
                value={attribute ?? prefix ?? ""}
                onChange={narrow}
              />
            )}
            {isAdmin ? <NewButton text="New thing" onClick={() => setAdding(true)} /> : null}
          </>
        }
        paging={
          <>
            {search.after ? (
              <Link className="button" to="/things" search={{ ...search, after: undefined }}>
                First page
              </Link>
            ) : null}
            {data?.next ? (
              <Link className="button" to="/things" search={{ ...search, after: data.next }}>
                Next page
              </Link>
            ) : null}
          </>
        }
      >
        <Table columns={["Name", "Type", "Connection", "Alarms", "Created"]}>
          {data?.things.map((thing) => (
            <Row key={thing.name} thing={thing} />
          ))}
        </Table>
      </ListPage>
      {adding ? <NewThing onClose={() => setAdding(false)} /> : null}
    </>
  );
}

/** What the list is narrowed to, and the way back. */
function Narrowed({ text, title }: { text: string; title: string }) {
  return (
    <Link className="badge" to="/things" search={{}} title={title}>
      {text} ×
    </Link>
  );
}

function Row({ thing }: { thing: ThingRow }) {
  return (
    <tr>
      <td>
        <Link to="/things/$name" params={{ name: thing.name }}>
          {thing.name}
        </Link>
      </td>
      <td>{thing.type_name ?? <span className="muted">–</span>}</td>
      <td>
        {thing.is_connected ? (
          <span className="badge good">connected</span>
        ) : (
          <span className="muted">–</span>
        )}
      </td>
      <td>
        {thing.active_alarms > 0 ? (
          <span className="badge bad">{thing.active_alarms} in alarm</span>
        ) : (
          <span className="muted">none</span>
        )}
      </td>
      <td className="number nowrap muted">{dateTime(thing.created_ms)}</td>
    </tr>
  );
}

type Narrowing = ReturnType<typeof route.useSearch>;

function emptiness({ prefix, attribute, type_name, group }: Narrowing): { title: string; text?: ReactNode } {
  if (attribute) {
    return {
      title: `No thing has the attribute ${attribute}`,
      text: "The whole value must be the same; names and values are told apart by case.",
    };
  }
  if (prefix) return { title: `No thing's name begins with “${prefix}”` };
  if (group) return { title: `No thing is in the group ${group}` };
  if (type_name) return { title: `No thing has the type ${type_name}` };
  return {
    title: "There are no things yet",
    text: (
      <>
        Make one with <code>picket thing create NAME --out DIR</code> or with “New thing”, and give its files
        to a device.
      </>
    ),
  };
}
