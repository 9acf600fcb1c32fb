// The answer of a search in three views.
import { type KeyboardEvent, useId } from "react";
import type { SearchResult } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { Empty } from "../components/StateViews";
import { download, toCsv } from "../lib/csv";
import { count } from "../lib/format";
import { EventList } from "./EventList";
import { StatsTable } from "./StatsTable";
import { TABS, type Tab } from "./tabs";
import { Visualization } from "./Visualization";

const NAMES: Record<Tab, string> = {
  events: "Events",
  statistics: "Statistics",
  visualization: "Visualization",
};

type Props = { result: SearchResult; tab: Tab; onTab: (tab: Tab) => void };

export function Results({ result, tab, onTab }: Props) {
  const id = useId();
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
    if (step === 0 || !next) return;
    onTab(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  const size = {
    events: result.is_events ? result.rows.length : 0,
    statistics: result.is_events ? 0 : result.rows.length,
  };
  return (
    <section className="panel results" aria-label="Results">
      <div className="tabs">
        <div role="tablist" aria-label="Views" onKeyDown={onKey}>
          {TABS.map((name) => (
            <button
              key={name}
              id={`${id}-${name}`}
              type="button"
              role="tab"
              aria-selected={name === tab}
              aria-controls={`${id}-panel`}
              tabIndex={name === tab ? 0 : -1}
              onClick={() => onTab(name)}
            >
              {NAMES[name]}
              {name !== "visualization" && size[name] > 0 ? (
                <span className="muted number"> {count(size[name])}</span>
              ) : null}
            </button>
          ))}
        </div>
        <div className="end">
          <button
            type="button"
            className="button quiet"
            disabled={result.rows.length === 0}
            onClick={() => download("picket-search.csv", "text/csv;charset=utf-8", toCsv(result))}
          >
            <Icon name="download" />
            <span className="csv-text">CSV</span>
          </button>
        </div>
      </div>
      <div
        id={`${id}-panel`}
        role="tabpanel"
        aria-labelledby={`${id}-${tab}`}
        style={{ display: "grid", minHeight: 0 }}
      >
        <View result={result} tab={tab} />
      </div>
    </section>
  );
}

function View({ result, tab }: { result: SearchResult; tab: Tab }) {
  if (result.rows.length === 0) {
    return (
      <Empty title="Nothing matches">
        <p>
          {result.scan_count === 0
            ? "There are no events in this time range. Try a longer one."
            : `${count(result.scan_count)} events were read. Try a longer time range or fewer conditions.`}
        </p>
      </Empty>
    );
  }
  if (tab === "visualization") return <Visualization result={result} />;
  if (tab === "statistics") {
    if (!result.is_events) return <StatsTable result={result} />;
    return (
      <Empty title="This search returns events">
        <p>
          A table needs a command such as <code>stats</code>, <code>chart</code> or <code>table</code>.
        </p>
      </Empty>
    );
  }
  if (result.is_events) return <EventList result={result} />;
  return (
    <Empty title="This search returns a table">
      <p>Its rows are under “Statistics”. Without the last commands the events themselves show here.</p>
    </Empty>
  );
}
