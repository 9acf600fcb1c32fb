import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { connectionsQuery, endConnection } from "../api/connections";
import type { Connection } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { FilterField, ListPage, Table } from "../components/ListPage";
import { Principal, ThingLink } from "../components/RegistryLinks";
import { Segments } from "../components/Segments";
import { Log } from "../connections/Log";
import { reasonWords } from "../connections/reasons";
import { count, duration } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/connections");

const VIEWS = [
  { value: "connected", text: "Connected" },
  { value: "kept", text: "Kept sessions" },
  { value: "log", text: "Log" },
] as const;

export function Connections() {
  const { view = "connected", prefix, kind } = route.useSearch();
  const navigate = route.useNavigate();
  const choice = (
    <Segments
      label="What is shown"
      options={VIEWS}
      value={view}
      onChange={(value) => void navigate({ search: { prefix, view: value } })}
    />
  );
  const filter = (
    <FilterField
      label={
        view === "log"
          ? "Only those with this in their client id, thing or principal"
          : "Only those with this in their client id or thing"
      }
      placeholder={view === "log" ? "Client, thing, principal" : "Client id or thing"}
      value={prefix ?? ""}
      onChange={(value) =>
        void navigate({ search: { view, kind, prefix: value || undefined }, replace: true })
      }
    />
  );
  return view === "log" ? (
    <Log choice={choice} filter={filter} />
  ) : (
    <Sessions choice={choice} filter={filter} />
  );
}

type ViewProps = { choice: React.ReactNode; filter: React.ReactNode };

function Sessions({ choice, filter }: ViewProps) {
  const { view = "connected", prefix, after } = route.useSearch();
  const { data, error, refetch, dataUpdatedAt } = useQuery(
    connectionsQuery({ text: prefix, after, connected: view === "connected" }),
  );
  const [ending, setEnding] = useState<Connection | null>(null);
  const isAdmin = useIsAdmin();
  return (
    <>
      <ListPage
        title="Connections"
        what="connections"
        aside={choice}
        error={error}
        retry={() => void refetch()}
        rows={data?.connections.length}
        empty={emptiness(view, prefix)}
        actions={
          <>
            {data ? (
              <span className="muted number">
                {count(data.total)} {data.total === 1 ? "session" : "sessions"}
              </span>
            ) : null}
            {filter}
          </>
        }
        paging={
          <>
            {after ? (
              <Link className="button" to="/connections" search={{ view, prefix }}>
                First page
              </Link>
            ) : null}
            {data?.next ? (
              <Link className="button" to="/connections" search={{ view, prefix, after: data.next }}>
                Next page
              </Link>
            ) : null}
          </>
        }
      >
        <Table
          columns={[
            "Client id",
            "Thing",
            "Since",
            "By",
            "Subscriptions",
            "Waiting",
            "Principal",
            "Address",
            "",
          ]}
        >
          {data?.connections.map((one) => (
            <tr key={one.client_id}>
              <td>
                <Link to="/connections" search={{ view: "log", prefix: one.client_id }}>
                  {one.client_id}
                </Link>
              </td>
              <td>{one.thing ? <ThingLink name={one.thing} /> : <span className="muted">–</span>}</td>
              <td className="nowrap">
                <span className="number">{duration(dataUpdatedAt - one.since_ms)}</span>
                {one.disconnect_reason ? (
                  <span className="muted" title={one.disconnect_reason}>
                    {" "}
                    {reasonWords(one.disconnect_reason)}
                  </span>
                ) : null}
              </td>
              <td className="nowrap">{one.protocol}</td>
              <td className="number">{one.subscriptions}</td>
              <td className="number">{one.waiting}</td>
              <td>
                <Principal principal={one.principal} />
              </td>
              <td className="mono">{one.source ?? "–"}</td>
              <td className="right">
                {isAdmin ? (
                  <button
                    type="button"
                    className="button quiet"
                    aria-label={`${one.is_connected ? "Disconnect" : "Forget"} ${one.client_id}`}
                    onClick={() => setEnding(one)}
                  >
                    {one.is_connected ? "Disconnect" : "Forget"}
                  </button>
                ) : null}
              </td>
            </tr>
          ))}
        </Table>
      </ListPage>
      {ending ? <End connection={ending} onClose={() => setEnding(null)} /> : null}
    </>
  );
}

function emptiness(view: string, text: string | undefined) {
  if (text) return { title: `No client's or thing's name has “${text}” in it` };
  return view === "connected"
    ? { title: "Nobody is connected", text: "The log says who came, and who was turned away and why." }
    : {
        title: "No session waits for its client",
        text: "A client that asks for it keeps its subscriptions and messages while it is away.",
      };
}

function End({ connection, onClose }: { connection: Connection; onClose: () => void }) {
  const { client_id, is_connected } = connection;
  return (
    <ActionDialog
      title={is_connected ? `Disconnect ${client_id}?` : `Forget the session of ${client_id}?`}
      verb={is_connected ? "Disconnect" : "Forget"}
      dangerous
      onClose={onClose}
      act={() => endConnection(client_id, !is_connected)}
    >
      <p>
        {is_connected
          ? "Its will is sent. It may connect again at once: to keep it out, switch its certificate off."
          : "Its subscriptions and the messages that wait for it are lost."}
      </p>
    </ActionDialog>
  );
}
