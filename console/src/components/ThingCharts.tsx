// A thing's metrics: one small chart each, and what it listens on and talks to.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { thingMetricsQuery } from "../api/queries";
import type { SearchResult, ThingMetrics } from "../api/types.gen";
import { cellText } from "../lib/cells";
import { count, metricTitle } from "../lib/format";
import { type Series, toSeries } from "../lib/series";
import { thingsText } from "../metrics/address";
import { LineChart } from "./LineChart";
import { Segments } from "./Segments";
import { Empty, Failed, Loading, Stale } from "./StateViews";

const RANGES = [
  { value: "-15m", text: "15 min" },
  { value: "-1h", text: "1 h" },
  { value: "-4h", text: "4 h" },
  { value: "-24h", text: "24 h" },
  { value: "-7d", text: "7 d" },
] as const;

export function ThingCharts({ name, maySearch }: { name: string; maySearch: boolean }) {
  const [range, setRange] = useState<(typeof RANGES)[number]["value"]>("-1h");
  const { data, error, refetch } = useQuery(thingMetricsQuery(name, range));
  return (
    <section className="panel" aria-labelledby="metrics">
      <div className="panel-head" style={{ flexWrap: "wrap" }}>
        <h2 id="metrics">Metrics</h2>
        <Segments label="Time range of the charts" options={RANGES} value={range} onChange={setRange} />
        <span className="end links">
          <Link to="/metrics" search={{ things: thingsText([name]) }}>
            Explore its metrics
          </Link>
          {data && maySearch ? (
            <Link
              to="/search"
              search={{
                q: data.numbers.search.spl,
                earliest: data.numbers.search.earliest,
                latest: data.numbers.search.latest,
              }}
            >
              Open in search
            </Link>
          ) : null}
        </span>
      </div>
      {data ? <Stale error={error} /> : null}
      {!data && error ? (
        <Failed what="The metrics could not be loaded" error={error} retry={() => void refetch()} />
      ) : null}
      {!data && !error ? <Loading what="the metrics" /> : null}
      {data ? <Charts thing={name} metrics={data} /> : null}
    </section>
  );
}

function Charts({ thing, metrics }: { thing: string; metrics: ThingMetrics }) {
  const all = useMemo(() => toSeries(metrics.numbers.result), [metrics]);
  if (typeof all === "string" && metrics.lists.result.rows.length === 0) {
    return (
      <Empty title="No metrics in this time range">
        <p>
          They show here about a minute after the device's first report. If it reports, try a longer range.
        </p>
      </Empty>
    );
  }
  return (
    <>
      <Lists result={metrics.lists.result} />
      {typeof all === "string" ? null : (
        <div className="charts">
          {all.names.map((name, n) => (
            <Chart key={name} thing={thing} all={all} n={n} name={name} />
          ))}
        </div>
      )}
    </>
  );
}

type ChartProps = { thing: string; all: Series; n: number; name: string };

function Chart({ thing, all, n, name }: ChartProps) {
  const one = useMemo(() => ({ ...all, names: [metricTitle(name)], y: [all.y[n] ?? []] }), [all, n, name]);
  const newest = (all.y[n] ?? []).findLast((value) => value !== null);
  return (
    <figure>
      <figcaption>
        <Link to="/metrics" search={{ things: thingsText([thing]), metric: name }} title={name}>
          {metricTitle(name)}
        </Link>
        <span className="now number">{newest === null || newest === undefined ? "–" : count(newest)}</span>
      </figcaption>
      <LineChart
        series={one}
        height={130}
        firstColour={0}
        label={`${metricTitle(name)} over time, newest value ${newest ?? "unknown"}`}
      />
    </figure>
  );
}

function Lists({ result }: { result: SearchResult }) {
  if (result.rows.length === 0) return null;
  return (
    <dl className="facts panel-body" style={{ borderBottom: "1px solid var(--line)" }}>
      {result.rows.map((row) => (
        <div key={cellText(row.name)} style={{ display: "contents" }}>
          <dt>{metricTitle(cellText(row.name))}</dt>
          <dd className="mono">{cellText(row.ports) || cellText(row.addresses)}</dd>
        </div>
      ))}
    </dl>
  );
}
