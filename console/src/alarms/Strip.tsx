// The datapoints of an alarm in the room of a table's cell.
import type { Alarm, AlarmDatapoint } from "../api/types.gen";
import { count } from "../lib/format";
import { numberOf, type Part, partsOf, thresholdOf } from "./datapoints";

const WIDTH = 168;
const HEIGHT = 40;
const PAD = 5;
const PARTS_MAX = 5;

/** Numbers as a line with the limit; sets by the elements of the newest that is not as expected. */
export function Strip({ alarm }: { alarm: Pick<Alarm, "datapoints" | "definition"> }) {
  const { datapoints, definition } = alarm;
  const newest = datapoints.findLast((one) => one.violates) ?? datapoints.at(-1);
  if (!newest) return null;
  if (numberOf(newest.value) === null) return <Parts parts={partsOf(definition, newest)} most={PARTS_MAX} />;
  return <Line datapoints={datapoints} definition={definition} />;
}

/** A set's elements, the unexpected ones marked. */
export function Parts({ parts, most }: { parts: Part[]; most: number }) {
  const more = parts.length - most;
  return (
    <ul className="parts">
      {parts.slice(0, most).map((part) => (
        <li key={part.text} className={part.isBad ? "bad" : ""}>
          {part.isBad ? <span className="visually-hidden">not as expected: </span> : null}
          {part.text}
        </li>
      ))}
      {more > 0 ? <li className="more">{count(more)} more</li> : null}
    </ul>
  );
}

function Line({ datapoints, definition }: Pick<Alarm, "datapoints" | "definition">) {
  const points = datapoints.flatMap((one) => {
    const y = numberOf(one.value);
    return y === null ? [] : [{ ...one, y, limit: thresholdOf(definition, one) }];
  });
  const scale = scaleOf(points);
  const limits = points.flatMap((one) => (one.limit === null ? [] : [{ x: one.time_ms, y: one.limit }]));
  const bad = points.filter((one) => one.violates).length;
  const limit = points.at(-1)?.limit ?? null;
  return (
    <svg
      className="datapoint-strip"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${points.length} datapoints, ${bad} not as expected${limit === null ? "" : `, limit ${count(limit)}`}, newest ${count(points.at(-1)?.y ?? 0)}`}
    >
      {limits.length > 0 ? (
        <polyline className="limit" points={path(limits.length > 1 ? limits : wide(limits), scale)} />
      ) : null}
      {points.length > 1 ? (
        <polyline
          className="value"
          points={path(
            points.map((one) => ({ x: one.time_ms, y: one.y })),
            scale,
          )}
        />
      ) : null}
      {points.map((one) => (
        <circle
          key={`${one.time_ms} ${one.trace}`}
          className={one.violates ? "bad" : ""}
          cx={scale.x(one.time_ms)}
          cy={scale.y(one.y)}
          r={one.violates ? 3.2 : 2}
        />
      ))}
    </svg>
  );
}

type Point = AlarmDatapoint & { y: number; limit: number | null };
type Scale = { x: (ms: number) => number; y: (value: number) => number };

/** From zero, as counts are read, unless a value is below. */
function scaleOf(points: Point[]): Scale {
  const times = points.map((one) => one.time_ms);
  const values = points.flatMap((one) => (one.limit === null ? [one.y] : [one.y, one.limit]));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 1)];
  const across = (ms: number) => (last === first ? 0.5 : (ms - first) / (last - first));
  const up = (value: number) => (value - low) / (high - low || 1);
  return {
    x: (ms) => PAD + across(ms) * (WIDTH - 2 * PAD),
    y: (value) => HEIGHT - PAD - up(value) * (HEIGHT - 2 * PAD),
  };
}

function path(points: Array<{ x: number; y: number }>, scale: Scale): string {
  return points.map(({ x, y }) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`).join(" ");
}

/** A single limit is drawn as a short line. */
function wide(limits: Array<{ x: number; y: number }>): Array<{ x: number; y: number }> {
  return limits.flatMap(({ x, y }) => [
    { x: x - 1, y },
    { x: x + 1, y },
  ]);
}
