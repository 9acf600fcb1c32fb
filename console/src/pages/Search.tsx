// The search page. What was run is in the address; the editor holds the next draft.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { searchQuery, sessionQuery } from "../api/queries";
import type { SearchResult } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { Empty, Failed, Loading } from "../components/StateViews";
import { cellTime } from "../lib/cells";
import { count } from "../lib/format";
import { Results } from "../search/Results";
import { SplEditor } from "../search/SplEditor";
import { STARTERS, type Starter } from "../search/starters";
import { TimePicker } from "../search/TimePicker";
import type { Tab } from "../search/tabs";
import { DEFAULT_RANGE, type TimeRange } from "../search/time-range";

const route = getRouteApi("/search");
const ROWS_MAX = 1000;

export function Search() {
  const { data: session } = useQuery(sessionQuery);
  if (session?.role === "viewer") {
    return (
      <div className="page">
        <Empty title="Searching needs the role analyst">
          <p>You are logged in as a viewer. Charts and alarms of every device are on the other pages.</p>
        </Empty>
      </div>
    );
  }
  return <SearchPage />;
}

function SearchPage() {
  const { q = "", earliest = DEFAULT_RANGE.earliest, latest = DEFAULT_RANGE.latest, tab } = route.useSearch();
  const navigate = route.useNavigate();
  const [draft, setDraft] = useState(q);
  const [fillIn, setFillIn] = useState<string | undefined>(undefined);
  const [run, setRun] = useState(0);
  useEffect(() => setDraft(q), [q]);

  const request = { spl: q, earliest: earliest || null, latest: latest || null, rows_max: ROWS_MAX };
  const { data, error, isFetching, refetch } = useQuery({
    ...searchQuery(request, run),
    enabled: q.trim() !== "",
  });

  const start = (spl: string, range: TimeRange = { earliest, latest }) => {
    setDraft(spl);
    setRun(run + 1);
    void navigate({ search: { q: spl, earliest: range.earliest, latest: range.latest } });
  };
  const pick = (starter: Starter) => {
    setFillIn(starter.fillIn);
    if (starter.fillIn === undefined) start(starter.spl);
    else setDraft(starter.spl);
  };
  const placed = error instanceof ApiError && error.line !== undefined ? error : null;
  return (
    <div className="page fill">
      <h1 className="visually-hidden">Search</h1>
      <div className="editor-row">
        <SplEditor
          text={draft}
          fillIn={fillIn}
          error={draft === q ? placed : null}
          onChange={setDraft}
          onRun={() => start(draft)}
        />
        <TimePicker range={{ earliest, latest }} onChange={(range) => start(draft, range)} />
        <button
          type="button"
          className="button primary"
          onClick={() => start(draft)}
          disabled={draft.trim() === ""}
        >
          <Icon name="play" />
          Run
        </button>
      </div>
      <div className="stack" style={{ minHeight: 0, gridTemplateRows: "auto minmax(0, 1fr)" }}>
        <Status result={data} error={error} running={isFetching} />
        <div style={{ display: "grid", minHeight: 0 }}>
          {q.trim() === "" ? <Starters onPick={pick} /> : null}
          {isFetching && !data ? <Loading what="results" /> : null}
          {!isFetching && error && !placed ? (
            <Failed what="The search did not finish" error={error} retry={() => void refetch()} />
          ) : null}
          {data ? (
            <Results
              result={data}
              tab={tab ?? defaultTab(data)}
              onTab={(next) => void navigate({ search: (old) => ({ ...old, tab: next }), replace: true })}
            />
          ) : null}
        </div>
      </div>
    </div>
  );
}

/** Events as events; a table over time as lines; any other as a table. */
function defaultTab(result: SearchResult): Tab {
  if (result.is_events) return "events";
  const overTime =
    result.fields[0] === "_time" &&
    result.fields.length > 1 &&
    result.rows.some((row) => cellTime(row._time) !== null);
  return overTime ? "visualization" : "statistics";
}

function Status({
  result,
  error,
  running,
}: {
  result: SearchResult | undefined;
  error: Error | null;
  running: boolean;
}) {
  if (error instanceof ApiError && error.line !== undefined && !running) {
    return (
      <div className="notice bad" role="alert">
        <span>
          Line {error.line}, column {error.column}: {error.message}
        </span>
      </div>
    );
  }
  return (
    <div className="stack" role="status" style={{ gap: 6 }}>
      {running ? <span className="muted">Searching …</span> : null}
      {result && !running ? (
        <span className="muted number">
          {count(result.event_count)} of {count(result.scan_count)} events matched ·{" "}
          {count(result.rows.length)} {result.rows.length === 1 ? "row" : "rows"} ·{" "}
          {count(result.duration_ms)} ms
        </span>
      ) : null}
      {result?.messages.map((message) => (
        <div key={message} className="notice warn">
          {message}
        </div>
      ))}
    </div>
  );
}

function Starters({ onPick }: { onPick: (starter: Starter) => void }) {
  return (
    <section className="panel" style={{ alignSelf: "start" }} aria-labelledby="starters">
      <div className="panel-head">
        <h2 id="starters">Searches to begin with</h2>
      </div>
      <div className="starters">
        {STARTERS.map((starter) => (
          <button key={starter.title} type="button" className="starter" onClick={() => onPick(starter)}>
            <b>{starter.title}</b>
            <code>{starter.spl}</code>
          </button>
        ))}
      </div>
    </section>
  );
}
