// The front door's log: who came, who left, who was turned away, and why.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { connectionLogQuery } from "../api/connections";
import type { ConnectionEvent } from "../api/types.gen";
import { ListPage, Table } from "../components/ListPage";
import { Principal, ThingLink } from "../components/RegistryLinks";
import { Segments } from "../components/Segments";
import { dateTime } from "../lib/format";
import { reasonWords } from "./reasons";

const route = getRouteApi("/connections");

const KINDS = [
  { value: "all", text: "All" },
  { value: "connected", text: "Came" },
  { value: "disconnected", text: "Left" },
  { value: "refused", text: "Turned away" },
] as const;

const EVENTS = {
  connected: { tone: "good", text: "came" },
  disconnected: { tone: "", text: "left" },
  refused: { tone: "bad", text: "turned away" },
} as const;

export function Log({ choice, filter }: { choice: ReactNode; filter: ReactNode }) {
  const search = route.useSearch();
  const { prefix, kind, after } = search;
  const navigate = route.useNavigate();
  const [isLive, setLive] = useState(true);
  // An older page stands still: only the newest grows.
  const follows = isLive && after === undefined;
  const { data, error, refetch } = useQuery({
    ...connectionLogQuery({ text: prefix, kind, before: after }),
    refetchInterval: follows ? 2_000 : false,
  });
  return (
    <ListPage
      title="Connections"
      what="connection log"
      aside={choice}
      error={error}
      retry={() => void refetch()}
      rows={data?.events.length}
      empty={emptiness(prefix, kind)}
      actions={
        <>
          <Segments
            label="What happened"
            options={KINDS}
            value={kind ?? "all"}
            onChange={(value) =>
              void navigate({ search: { view: "log", prefix, kind: value === "all" ? undefined : value } })
            }
          />
          {filter}
          {after === undefined ? (
            <button type="button" className="button" aria-pressed={isLive} onClick={() => setLive(!isLive)}>
              <span className={follows ? "dot" : "dot idle"} aria-hidden="true" />
              Live
            </button>
          ) : null}
        </>
      }
      paging={
        <>
          {after === undefined ? null : (
            <Link className="button" to="/connections" search={{ ...search, after: undefined }}>
              Newest
            </Link>
          )}
          {data?.next ? (
            <Link className="button" to="/connections" search={{ ...search, after: String(data.next) }}>
              Older
            </Link>
          ) : null}
        </>
      }
    >
      <Table columns={["Time", "What happened", "Client id", "Principal", "Address", "By"]}>
        {data?.events.map((event) => (
          <Row key={event.number} event={event} />
        ))}
      </Table>
    </ListPage>
  );
}

function Row({ event }: { event: ConnectionEvent }) {
  return (
    <tr>
      <td className="number nowrap">{dateTime(event.at_ms)}</td>
      <td className="why">
        <span className={`badge ${EVENTS[event.kind].tone}`}>{EVENTS[event.kind].text}</span>{" "}
        {event.reason ? <span title={event.reason}>{reasonWords(event.reason)}</span> : null}
        {event.detail ? <span className="muted detail">{event.detail}</span> : null}
      </td>
      <td>{event.client_id === null ? <span className="muted">–</span> : <Client event={event} />}</td>
      <td>
        <Principal principal={event.principal} />
      </td>
      <td className="mono nowrap">{event.source}</td>
      <td className="nowrap">{way(event)}</td>
    </tr>
  );
}

/** The client id, which is as the client sent it; and the thing, where it stands for one. */
function Client({ event }: { event: ConnectionEvent }) {
  if (event.thing === event.client_id && event.thing) return <ThingLink name={event.thing} />;
  return (
    <>
      <span className="anywhere">{event.client_id}</span>{" "}
      {event.thing ? (
        <span className="muted">
          as <ThingLink name={event.thing} />
        </span>
      ) : null}
    </>
  );
}

function way(event: ConnectionEvent): string {
  return [event.protocol, event.tls].filter(Boolean).join(", ") || event.listener;
}

function emptiness(text: string | undefined, kind: ConnectionEvent["kind"] | undefined) {
  if (kind === "refused" && !text) return { title: "Nobody has been turned away since the start" };
  if (!text && !kind) {
    return {
      title: "Nobody has connected since the start",
      text: "What happens at the front door shows here.",
    };
  }
  return {
    title: text ? `Nothing of “${text}” is remembered` : "Nothing of that is remembered",
    text: "The log holds the newest events since the server's start.",
  };
}
