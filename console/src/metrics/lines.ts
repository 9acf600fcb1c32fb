// From stored datapoints and bands to what the chart, the table and the file show.
import type { Band, DatapointList, MetricValue, SearchResult } from "../api/types.gen";

export type Line = {
  name: string;
  /** Seconds since 1970. */
  x: number[];
  y: Array<number | null>;
};

export type FleetLines = { x: number[] } & Record<FleetName, Array<number | null>>;
export type FleetName = "p10" | "p50" | "p90" | "p99" | "max" | "min";

/** A value as a number, if it is one. */
export function numberOf(value: MetricValue): number | null {
  const member = value.count ?? value.number;
  return typeof member === "number" && Number.isFinite(member) ? member : null;
}

/** A silence this many times as long as usual is a gap. */
const GAP = 3.5;
/** A gap begins and ends this far from the points beside it, so that no line reaches into it. */
const EDGE = 0.001;

/** The middle of the times between neighbours; 0 where there are none. */
export function usualDistance(x: number[]): number {
  const distances = x.slice(1).map((at, n) => at - (x[n] ?? at));
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? 0;
}

/** A device's numbers; where it was silent for long the line is broken. */
export function lineOf(name: string, points: DatapointList["points"]): Line {
  const known = points
    .map((point) => ({ x: point.time_ms / 1000, y: numberOf(point.value) }))
    .filter((point) => point.y !== null);
  const usual = usualDistance(known.map((point) => point.x));
  const x: number[] = [];
  const y: Array<number | null> = [];
  for (const point of known) {
    const last = x.at(-1);
    if (last !== undefined && usual > 0 && point.x - last > GAP * usual) {
      x.push(last + EDGE, point.x - EDGE);
      y.push(null, null);
    }
    x.push(point.x);
    y.push(point.y);
  }
  return { name, x, y };
}

/** The fleet's lines; each step stands at its middle. */
export function fleetLines(bands: Band[], step_ms: number): FleetLines {
  const lines: FleetLines = { x: [], p10: [], p50: [], p90: [], p99: [], max: [], min: [] };
  // Not by the step: devices may report less often than that, all at the same moments.
  const usual = usualDistance(bands.map((band) => band.start_ms / 1000));
  let last: number | null = null;
  for (const band of bands) {
    const x = (band.start_ms + step_ms / 2) / 1000;
    if (last !== null && x - last > GAP * usual) {
      push(lines, last + EDGE, null);
      push(lines, x - EDGE, null);
    }
    push(lines, x, band);
    last = x;
  }
  return lines;
}

const FLEET: FleetName[] = ["p10", "p50", "p90", "p99", "max", "min"];

function push(lines: FleetLines, x: number, band: Band | null): void {
  lines.x.push(x);
  for (const name of FLEET) lines[name].push(band === null ? null : band[name]);
}

/** Whether nothing is between two values: all are whole. */
export function areWhole(values: Array<Array<number | null>>): boolean {
  return values.every((line) => line.every((value) => value === null || Number.isInteger(value)));
}

export type Table = Pick<SearchResult, "fields" | "rows">;

/** All that the chart shows as a table, newest first. */
export function tableOf(lines: Line[], bands: Band[]): Table {
  const columns: Array<{ field: string; at: Map<number, string> }> = lines.map((line) => ({
    field: line.name,
    at: new Map(line.x.flatMap((x, n) => (line.y[n] === null ? [] : [[x * 1000, String(line.y[n])]]))),
  }));
  const fleet: Array<keyof Band> = ["devices", "min", "p10", "p50", "p90", "p99", "max"];
  if (bands.length > 0) {
    for (const name of fleet) {
      const at = new Map(bands.map((band) => [band.start_ms, String(band[name])]));
      columns.push({ field: `fleet ${name}`, at });
    }
  }
  return rowsOf(columns);
}

/** Values of lists as a table, newest first. */
export function listTable(lists: Array<{ name: string; points: DatapointList["points"] }>): Table {
  return rowsOf(
    lists.map(({ name, points }) => ({
      field: name,
      at: new Map(points.map((point) => [point.time_ms, elementsOf(point.value).join(" ")])),
    })),
  );
}

function rowsOf(columns: Array<{ field: string; at: Map<number, string> }>): Table {
  const times = [...new Set(columns.flatMap(({ at }) => [...at.keys()]))].sort((a, b) => b - a);
  const rows = times.map((time) => {
    const cells = columns.flatMap(({ field, at }) => {
      const cell = at.get(time);
      return cell === undefined ? [] : [[field, cell]];
    });
    // By entries, as a device may be called `__proto__`.
    return Object.fromEntries([["_time", new Date(time).toISOString()], ...cells]) as Table["rows"][number];
  });
  return { fields: ["_time", ...columns.map((column) => column.field)], rows };
}

/** The elements of a list, as texts. */
export function elementsOf(value: MetricValue): string[] {
  const member = value.ports ?? value.cidrs ?? value.numbers ?? value.strings ?? [];
  return member.map(String);
}
