import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { connectionLogQuery, connectionsQuery, endConnection } from "../api/connections";
import type { Connection, ConnectionEvent } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { FilterField, ListPage, Table } from "../components/ListPage";
import { Principal, ThingLink } from "../components/RegistryLinks";
import { Segments } from "../components/Segments";
import { count, dateTime, duration } from "../lib/format";
import { useIsAdmin } from "../lib/role";

const route = getRouteApi("/connections");

const VIEWS = [
  { value: "connected", text: "Connected" },
  { value: "kept", text: "Kept sessions" },
  { value: "log", text: "Log" },
] as const;

export function Connections() {
  const { view = "connected", prefix } = route.useSearch();
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
      label={view === "log" ? "Only this client id" : "Only those with this in their client id or thing"}
      placeholder={view === "log" ? "Client id" : "Client id or thing"}
      value={prefix ?? ""}
      onChange={(value) => void navigate({ search: { view, prefix: value || undefined }, replace: true })}
    />
  );
  return view === "log" ? (
    <Log choice={choice} filter={filter} clientId={prefix} />
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
        empty={{
          title: view === "connected" ? "Nobody is connected" : "No session waits for its client",
        }}
        actions={
          <>
            {data ? <span className="muted number">{count(data.total)} sessions</span> : null}
            {filter}
          </>
        }
        paging={
          data?.next ? (
            <Link className="button" to="/connections" search={{ view, prefix, after: data.next }}>
              Next page
            </Link>
          ) : null
        }
      >
        <Table columns={["Client id", "Thing", "Principal", "Address", "Since", ""]}>
          {data?.connections.map((one) => (
            <tr key={one.client_id}>
              <td>
                <Link to="/connections" search={{ view: "log", prefix: one.client_id }}>
                  {one.client_id}
                </Link>
              </td>
              <td>{one.thing ? <ThingLink name={one.thing} /> : <span className="muted">–</span>}</td>
              <td>
                <Principal principal={one.principal} />
              </td>
              <td className="mono">{one.source ?? "–"}</td>
              <td className="number nowrap">
                {duration(dataUpdatedAt - one.since_ms)}
                {one.disconnect_reason ? <span className="muted"> {one.disconnect_reason}</span> : null}
              </td>
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

const TONES = { connected: "good", disconnected: "", refused: "bad" } as const;

function Log({ choice, filter, clientId }: ViewProps & { clientId: string | undefined }) {
  const { data, error, refetch } = useQuery(connectionLogQuery({ client_id: clientId }));
  return (
    <ListPage
      title="Connections"
      what="connection log"
      aside={choice}
      error={error}
      retry={() => void refetch()}
      rows={data?.events.length}
      empty={{ title: clientId ? `Nothing of ${clientId} yet` : "Nobody has connected since the start" }}
      actions={filter}
    >
      <Table columns={["Time", "What", "Client id", "Principal", "Address", "By", "Why"]}>
        {data?.events.map((event) => (
          <tr key={`${event.at_ms}-${event.source}-${event.kind}-${event.client_id}`}>
            <td className="number nowrap">{dateTime(event.at_ms)}</td>
            <td>
              <span className={`badge ${TONES[event.kind]}`}>{event.kind}</span>
            </td>
            <td>{event.client_id ?? <span className="muted">–</span>}</td>
            <td>
              <Principal principal={event.principal} />
            </td>
            <td className="mono">{event.source}</td>
            <td className="nowrap">{way(event)}</td>
            <td>
              {event.reason} {event.detail ? <span className="muted">{event.detail}</span> : null}
            </td>
          </tr>
        ))}
      </Table>
    </ListPage>
  );
}

function way(event: ConnectionEvent): string {
  return [event.protocol, event.tls].filter(Boolean).join(", ") || event.listener;
}
