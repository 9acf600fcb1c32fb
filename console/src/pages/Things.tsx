import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { sessionQuery, thingsQuery } from "../api/queries";
import type { ThingRow } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { NewThing } from "../components/NewThing";
import { Empty, Failed, Loading, Stale } from "../components/StateViews";
import { TableScroll } from "../components/TableScroll";
import { count, dateTime } from "../lib/format";

const route = getRouteApi("/things");

export function Things() {
  const { prefix = "", type_name, after } = route.useSearch();
  const navigate = route.useNavigate();
  const [adding, setAdding] = useState(false);
  const { data: session } = useQuery(sessionQuery);
  const { data, error, refetch } = useQuery(thingsQuery({ prefix, type_name, after }));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Things</h1>
        {data ? <span className="muted number">{count(data.total)} registered</span> : null}
        {type_name ? (
          <Link className="badge" to="/things" search={{}} title="Show things of all types">
            type {type_name} ×
          </Link>
        ) : null}
        <div className="end">
          <input
            className="input"
            style={{ width: 230 }}
            type="search"
            placeholder="Name begins with …"
            aria-label="Only things whose name begins with this"
            defaultValue={prefix}
            onChange={(event) =>
              void navigate({
                search: { type_name, prefix: event.target.value || undefined },
                replace: true,
              })
            }
          />
          {session?.role === "admin" ? (
            <button type="button" className="button primary" onClick={() => setAdding(true)}>
              <Icon name="plus" />
              New thing
            </button>
          ) : null}
        </div>
      </div>
      {data ? <Stale error={error} /> : null}
      <section className="panel" aria-label="List of things">
        {!data && error ? (
          <Failed what="The things could not be loaded" error={error} retry={() => void refetch()} />
        ) : null}
        {!data && !error ? <Loading what="the things" /> : null}
        {data && data.things.length === 0 ? <NoThings prefix={prefix} /> : null}
        {data && data.things.length > 0 ? <Rows things={data.things} /> : null}
      </section>
      <nav className="page-head" aria-label="Pages of the list">
        {after ? (
          <Link className="button" to="/things" search={{ type_name, prefix: prefix || undefined }}>
            First page
          </Link>
        ) : null}
        {data?.next ? (
          <Link
            className="button"
            to="/things"
            search={{ type_name, prefix: prefix || undefined, after: data.next }}
          >
            Next page
          </Link>
        ) : null}
      </nav>
      {adding ? <NewThing onClose={() => setAdding(false)} /> : null}
    </div>
  );
}

function Rows({ things }: { things: ThingRow[] }) {
  return (
    <TableScroll label="Table of things">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Alarms</th>
            <th scope="col">Created</th>
          </tr>
        </thead>
        <tbody>
          {things.map((thing) => (
            <tr key={thing.name}>
              <td>
                <Link to="/things/$name" params={{ name: thing.name }}>
                  {thing.name}
                </Link>
              </td>
              <td>{thing.type_name ?? <span className="muted">–</span>}</td>
              <td>
                {thing.active_alarms > 0 ? (
                  <span className="badge bad">{thing.active_alarms} in alarm</span>
                ) : (
                  <span className="muted">none</span>
                )}
              </td>
              <td className="number nowrap muted">{dateTime(thing.created_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function NoThings({ prefix }: { prefix: string }) {
  if (prefix !== "") return <Empty title={`No thing's name begins with “${prefix}”`} />;
  return (
    <Empty title="There are no things yet">
      <p>
        Make one with <code>picket thing create NAME --out DIR</code> or with “New thing”, and give its files
        to a device.
      </p>
    </Empty>
  );
}
