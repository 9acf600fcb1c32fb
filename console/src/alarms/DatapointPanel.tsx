// The datapoints an alarm rests on: drawn where they are numbers, and listed with where they came from.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { sessionQuery } from "../api/queries";
import type { Alarm, AlarmDatapoint } from "../api/types.gen";
import { Table } from "../components/ListPage";
import { Empty } from "../components/StateViews";
import { eventTime, metricTitle } from "../lib/format";
import type { Series } from "../lib/series";
import { numberOf, partsOf, thresholdOf, traceSearch, valueText } from "./datapoints";
import { Parts } from "./Strip";

const LineChart = lazy(async () => ({ default: (await import("../components/LineChart")).LineChart }));

const PARTS_MAX = 40;
const MARKED = new Set(["not as expected"]);

export function DatapointPanel({ alarm }: { alarm: Alarm }) {
  const series = useMemo(() => seriesOf(alarm), [alarm]);
  return (
    <section className="panel" aria-labelledby="datapoints">
      <div className="panel-head">
        <h2 id="datapoints">Datapoints</h2>
        <span className="muted">{metricTitle(alarm.metric)}</span>
      </div>
      {alarm.datapoints.length === 0 ? (
        <Empty title="No datapoint was kept with this alarm">
          <p>The evidence in Search may still be there.</p>
        </Empty>
      ) : null}
      {series ? (
        <div className="chart-box">
          <Suspense fallback={<div style={{ height: 180 }} />}>
            <LineChart
              series={series}
              height={180}
              marks={MARKED}
              label={`${metricTitle(alarm.metric)}: ${series.x.length} datapoints with their limit, listed below`}
            />
          </Suspense>
        </div>
      ) : null}
      {alarm.datapoints.length > 0 ? <List alarm={alarm} /> : null}
    </section>
  );
}

/** The values, what they were compared with, and those that were not as expected. */
function seriesOf({ datapoints, definition, metric }: Alarm): Series | null {
  const points = datapoints.filter((one) => numberOf(one.value) !== null);
  if (points.length < 2) return null;
  return {
    isTime: true,
    xName: "time",
    names: [metricTitle(metric), "limit", "not as expected"],
    x: points.map((one) => one.time_ms / 1000),
    y: [
      points.map((one) => numberOf(one.value)),
      points.map((one) => thresholdOf(definition, one)),
      points.map((one) => (one.violates ? numberOf(one.value) : null)),
    ],
  };
}

function List({ alarm }: { alarm: Alarm }) {
  const { data: session } = useQuery(sessionQuery);
  const maySearch = session?.role !== "viewer";
  return (
    <Table columns={["Time", "Value", "Limit", "As expected", "Trace"]}>
      {alarm.datapoints.toReversed().map((datapoint) => (
        <tr key={`${datapoint.time_ms} ${datapoint.trace}`}>
          <td className="number nowrap">{eventTime(datapoint.time_ms)}</td>
          <td>
            <Value alarm={alarm} datapoint={datapoint} />
          </td>
          <td className="number">
            <Limit alarm={alarm} datapoint={datapoint} />
          </td>
          <td>
            {datapoint.violates ? (
              <span className="badge bad">no</span>
            ) : (
              <span className="badge good">yes</span>
            )}
          </td>
          <td className="mono">
            <Trace trace={datapoint.trace} alarm={alarm} maySearch={maySearch} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Value({ alarm, datapoint }: { alarm: Alarm; datapoint: AlarmDatapoint }) {
  const parts = partsOf(alarm.definition, datapoint);
  if (parts.length > 0) return <Parts parts={parts} most={PARTS_MAX} />;
  return <span className="number">{valueText(datapoint.value)}</span>;
}

function Limit({ alarm, datapoint }: { alarm: Alarm; datapoint: AlarmDatapoint }) {
  const limit = thresholdOf(alarm.definition, datapoint);
  return limit === null ? <span className="muted">–</span> : valueText({ number: limit });
}

function Trace({ trace, alarm, maySearch }: { trace: string; alarm: Alarm; maySearch: boolean }) {
  const spl = traceSearch(trace);
  if (!spl || !maySearch) return trace;
  const { earliest, latest } = alarm.evidence;
  return (
    <Link to="/search" search={{ q: spl, earliest, latest }} title="Search for what came with it">
      {trace}
    </Link>
  );
}
