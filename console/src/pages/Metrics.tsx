// The metric explorer: stored datapoints of devices, over the spread of the fleet.
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { Icon } from "../components/Icon";
import { Segments } from "../components/Segments";
import { Empty, Failed, Loading } from "../components/StateViews";
import { download, toCsv } from "../lib/csv";
import { count, dateTime } from "../lib/format";
import type { MetricSearch } from "../metrics/address";
import { AlarmsInSpan, WatchedBy } from "../metrics/Beside";
import { Controls, isNumeric } from "../metrics/Controls";
import { Legend } from "../metrics/Legend";
import { type FleetName, fleetLines, lineOf, listTable, tableOf } from "../metrics/lines";
import { MetricChart } from "../metrics/MetricChart";
import { Presences } from "../metrics/Presences";
import type { ChartActions, ChartData } from "../metrics/plot";
import { fitted, moved, RANGES, rangeOf, type Span, scaled } from "../metrics/span";
import { type Explored, useExplored } from "../metrics/use-explored";
import { StatsTable } from "../search/StatsTable";

const route = getRouteApi("/metrics");

const VIEWS = [
  { value: "chart", text: "Chart" },
  { value: "table", text: "Table" },
] as const;
type View = (typeof VIEWS)[number]["value"];

export function Metrics() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const explored = useExplored(search);
  const set = useCallback(
    (changes: Partial<MetricSearch>) =>
      void navigate({ search: (old) => ({ ...old, ...changes }), replace: true }),
    [navigate],
  );
  const actions = useMemo(
    (): ChartActions => ({
      // A zoom is a step that the browser's way back undoes.
      zoom: ({ from_ms, to_ms }) =>
        void navigate({ search: (old) => ({ ...old, from: String(from_ms), to: String(to_ms) }) }),
      reset: () => set({ from: undefined, to: undefined }),
    }),
    [navigate, set],
  );
  const { metric, metrics } = explored;
  return (
    <div className="page">
      <div className="page-head">
        <h1>Metrics</h1>
        <Segments
          label="Time range"
          options={RANGES}
          value={explored.isZoomed ? ("" as never) : rangeOf(search).value}
          onChange={(last) => set({ last, from: undefined, to: undefined })}
        />
        <div className="end">
          <Zoom span={explored.span} isZoomed={explored.isZoomed} actions={actions} />
        </div>
      </div>
      {metrics ? (
        <Controls search={search} metrics={metrics} metric={metric} stored={explored.stored} set={set} />
      ) : null}
      <Shown explored={explored} search={search} actions={actions} />
      <div className="columns">
        <AlarmsInSpan alarms={explored.alarms} zoom={actions.zoom} now={explored.now} />
        <WatchedBy watching={explored.watching} />
      </div>
    </div>
  );
}

function Zoom({ span, isZoomed, actions }: { span: Span; isZoomed: boolean; actions: ChartActions }) {
  const steps = [
    { label: "Earlier", text: "←", to: moved(span, -0.5) },
    { label: "Later", text: "→", to: moved(span, 0.5) },
    { label: "Zoom out", text: "−", to: scaled(span, 2) },
    { label: "Zoom in", text: "+", to: scaled(span, 0.5) },
  ];
  return (
    <>
      <span className="muted number">
        {dateTime(span.from_ms)} to {dateTime(span.to_ms)}
      </span>
      {steps.map((step) => (
        <button
          key={step.label}
          type="button"
          className="button icon"
          aria-label={step.label}
          title={step.label}
          onClick={() => actions.zoom(step.to)}
        >
          {step.text}
        </button>
      ))}
      <button type="button" className="button" disabled={!isZoomed} onClick={actions.reset}>
        Reset
      </button>
    </>
  );
}

type ShownProps = { explored: Explored; search: MetricSearch; actions: ChartActions };

function Shown({ explored, search, actions }: ShownProps) {
  const [view, setView] = useState<View>("chart");
  const { metric, things } = explored;
  const isList = metric !== undefined && !isNumeric(metric);
  const table = useTable(explored, isList);
  return (
    <section className="panel" aria-labelledby="shown">
      <div className="panel-head wrap">
        <h2 id="shown">
          {metric?.name ?? "Metric"}
          {explored.unit ? <span className="muted"> in {explored.unit}</span> : null}
        </h2>
        {explored.isLoading ? <span className="muted">Loading …</span> : null}
        <div className="end row-form">
          <Segments label="Show it as" options={VIEWS} value={view} onChange={setView} />
          <button
            type="button"
            className="button quiet"
            disabled={table.rows.length === 0}
            onClick={() => download("picket-metric.csv", "text/csv;charset=utf-8", toCsv(table))}
          >
            <Icon name="download" />
            CSV
          </button>
        </div>
      </div>
      {explored.points.some((one) => one?.truncated) ? (
        <div className="panel-body">
          <div className="notice warn">There are more datapoints than are shown. Zoom in to see all.</div>
        </div>
      ) : null}
      <State explored={explored} isList={isList} rows={table.rows.length} />
      {table.rows.length > 0 && view === "table" ? (
        <div className="metric-table">
          <StatsTable result={table} />
        </div>
      ) : null}
      {/* A stretch without datapoints has a chart, too, as it is left by it. */}
      {(table.rows.length > 0 || explored.isZoomed) && view === "chart" && metric && !isList ? (
        <Numbers explored={explored} actions={actions} hasFleet={search.fleet !== "off"} />
      ) : null}
      {view === "chart" && isList
        ? things.map((thing, n) => (
            <Presences
              key={thing}
              thing={thing}
              points={explored.points[n]?.points ?? []}
              span={explored.span}
              watching={explored.watching}
              zoom={actions.zoom}
            />
          ))
        : null}
    </section>
  );
}

function useTable(explored: Explored, isList: boolean) {
  const { points, things, bands } = explored;
  return useMemo(() => {
    const lists = things.map((name, n) => ({ name, points: points[n]?.points ?? [] }));
    if (isList) return listTable(lists);
    return tableOf(
      lists.map(({ name, points: own }) => lineOf(name, own)),
      bands ?? [],
    );
  }, [points, things, bands, isList]);
}

function State({ explored, isList, rows }: { explored: Explored; isList: boolean; rows: number }) {
  if (explored.error) {
    return <Failed what="The datapoints could not be loaded" error={explored.error} retry={explored.retry} />;
  }
  if (explored.isUnknown) {
    return (
      <Empty title="There is no metric of this name">
        <p>It may have been a custom metric that was deleted. Choose another above.</p>
      </Empty>
    );
  }
  if (isList && explored.things.length === 0) {
    return (
      <Empty title="Choose a device">
        <p>This metric is a list, so there is no spread over the fleet to show.</p>
      </Empty>
    );
  }
  if (rows > 0) return null;
  if (explored.isLoading) return explored.isZoomed ? null : <Loading what="the datapoints" />;
  if (isList) return null;
  if (explored.isZoomed)
    return <p className="panel-body muted">Nothing is stored in this stretch of time.</p>;
  return (
    <Empty title="Nothing is stored in this time">
      <p>
        A metric is stored of devices that a profile watches, if a behavior looks at it or the profile keeps
        it. <Link to="/profiles">Profiles</Link>
      </p>
    </Empty>
  );
}

const SHOWN_AT_FIRST: ReadonlySet<FleetName> = new Set(["p10", "p90", "p50", "p99"]);

type NumbersProps = { explored: Explored; actions: ChartActions; hasFleet: boolean };

function Numbers({ explored, actions, hasFleet }: NumbersProps) {
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const { things, points, bands, span, watching, alarms, now, step_ms } = explored;
  const data = useMemo(
    (): ChartData => ({
      lines: things.map((name, n) => lineOf(name, points[n]?.points ?? [])),
      fleet: hasFleet && bands && bands.length > 0 ? fleetLines(bands, step_ms) : null,
      shown,
      thresholds: watching.flatMap((one) =>
        one.threshold === null || !one.isInForce
          ? []
          : [{ value: one.threshold, label: `${one.behavior}: ${one.text}` }],
      ),
      alarms: alarms.map((alarm) => ({ from_ms: alarm.started_ms, to_ms: alarm.ended_ms ?? now })),
      span,
    }),
    [things, points, bands, hasFleet, shown, watching, alarms, span, now, step_ms],
  );
  const fit = useMemo(
    () => fitted(data.span, [...data.lines.flatMap((line) => line.x), ...(data.fleet?.x ?? [])]),
    [data],
  );
  return (
    <div className="chart-box">
      <MetricChart data={data} actions={actions} label={labelOf(explored, data)} />
      <Legend things={things} hasFleet={data.fleet !== null} shown={shown} setShown={setShown} />
      <p className="hint">
        Drag over the chart to zoom, double click to see all again. With the chart focused: <kbd>+</kbd>{" "}
        <kbd>−</kbd> <kbd>←</kbd> <kbd>→</kbd> <kbd>0</kbd>
      </p>
      {fit ? (
        <p>
          <button type="button" className="button" onClick={() => actions.zoom(fit)}>
            Zoom to the datapoints
          </button>
        </p>
      ) : null}
    </div>
  );
}

/** What the chart shows, for those who do not see it. */
function labelOf({ metric, alarms }: Explored, { lines, fleet }: ChartData): string {
  const said = lines.map((line) => {
    const known = line.y.filter((value) => value !== null);
    if (known.length === 0) return `${line.name}: nothing`;
    const newest = known.at(-1) ?? 0;
    return `${line.name}: ${count(Math.min(...known))} to ${count(Math.max(...known))}, newest ${count(newest)}`;
  });
  const median = fleet?.p50.findLast((value) => value !== null);
  if (median !== undefined && median !== null) said.push(`fleet: median ${count(median)}`);
  if (alarms.length > 0) said.push(alarms.length === 1 ? "1 alarm" : `${alarms.length} alarms`);
  return `${metric?.name ?? "Metric"} over time. ${said.join("; ")}`;
}
