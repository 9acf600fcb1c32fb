// The metric chart's uPlot options: bands, lines, thresholds, alarms, and zooming by the pointer.
import uPlot from "uplot";
import { count, dateTime, tick, timeTick } from "../lib/format";
import { colour } from "../lib/series";
import { areWhole, type FleetLines, type FleetName, type Line } from "./lines";
import type { Span } from "./span";

export type Threshold = { value: number; label: string };
export type AlarmMark = { from_ms: number; to_ms: number };

export type ChartData = {
  lines: Line[];
  fleet: FleetLines | null;
  /** Lines of the fleet that are drawn. */
  shown: ReadonlySet<FleetName>;
  thresholds: Threshold[];
  alarms: AlarmMark[];
  span: Span;
};

export type ChartActions = { zoom: (span: Span) => void; reset: () => void };

const FLEET_NAMES: FleetName[] = ["p10", "p90", "p50", "p99", "max"];
/** A threshold far above all values would press them flat; it is named at the edge then. */
const FAR = 4;
const EXPAND_NULLS = 2;

/** uPlot's columns: time, the fleet's lines, the devices' lines. */
export function columnsOf({ fleet, lines }: Pick<ChartData, "fleet" | "lines">): uPlot.AlignedData {
  const tables: uPlot.AlignedData[] = [];
  if (fleet) tables.push([fleet.x, ...FLEET_NAMES.map((name) => fleet[name])]);
  for (const line of lines) tables.push([line.x, line.y]);
  // A gap of one line is a gap at the times of all others, too.
  const gaps = tables.map((table) => table.map(() => EXPAND_NULLS));
  return tables.length === 0 ? [[]] : uPlot.join(tables, gaps);
}

export function optionsOf(data: ChartData, actions: ChartActions): Omit<uPlot.Options, "width" | "height"> {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: read("--muted"),
    font: `11px ${read("--font")}`,
    grid: { stroke: read("--line"), width: 1 },
    ticks: { stroke: read("--line"), width: 1, size: 4 },
  };
  const whole = areWhole(data.lines.map((line) => line.y));
  return {
    legend: { show: false },
    padding: [12, 12, 0, 0],
    cursor: {
      drag: { x: true, y: false, setScale: false, dist: 4 },
      points: { size: 6 },
      bind: {
        dblclick: () => () => {
          actions.reset();
          return null;
        },
      },
    },
    scales: {
      x: { time: true, range: () => [data.span.from_ms / 1000, data.span.to_ms / 1000] },
      y: { range: (_, low, high) => yRange(data.thresholds, low, high) },
    },
    axes: [
      { ...axis, size: 28, values: (_, splits, __, ___, step) => splits.map((at) => timeTick(at, step)) },
      {
        ...axis,
        size: 56,
        values: (_, ticks) => ticks.map(tick),
        ...(whole ? { incrs: WHOLE_STEPS } : {}),
      },
    ],
    series: [{}, ...fleetSeries(data, read), ...lineSeries(data.lines)],
    ...(data.fleet ? { bands: [{ series: [2, 1] as [number, number], fill: `${read("--muted")}2e` }] } : {}),
    hooks: {
      drawClear: [(plot) => drawAlarms(plot, data.alarms, read("--bad"))],
      draw: [(plot) => drawThresholds(plot, data.thresholds, read("--warn"), read("--font"))],
      setSelect: [(plot) => select(plot, actions)],
    },
    plugins: [readout(data)],
  };
}

/** Steps of an axis where there is nothing between two numbers. */
const WHOLE_STEPS = Array.from({ length: 15 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

export function yRange(thresholds: Threshold[], low: number | null, high: number | null): uPlot.Range.MinMax {
  const near = thresholds
    .map((threshold) => threshold.value)
    .filter((value) => Math.abs(value) <= FAR * Math.max(Math.abs(high ?? 0), Math.abs(low ?? 0)));
  const top = Math.max(high ?? 0, 0, ...near);
  const bottom = Math.min(low ?? 0, 0, ...near);
  return top === bottom ? [0, 1] : [bottom, top + (top - bottom) * 0.08];
}

const DASHES: Partial<Record<FleetName, number[]>> = { p99: [6, 4], max: [2, 4] };

function fleetSeries({ fleet, shown }: ChartData, read: (name: string) => string): uPlot.Series[] {
  if (!fleet) return [];
  return FLEET_NAMES.map((name) => {
    const isEdge = name === "p10" || name === "p90";
    return {
      label: `fleet ${name}`,
      show: shown.has(name),
      stroke: isEdge ? "transparent" : read("--muted"),
      width: isEdge ? 0 : 1.25,
      // A line needs two.
      points: { show: !isEdge && fleet.x.length < 2, size: 6 },
      ...(DASHES[name] ? { dash: DASHES[name] } : {}),
    };
  });
}

function lineSeries(lines: Line[]): uPlot.Series[] {
  return lines.map((line, n) => ({
    label: line.name,
    stroke: colour(n),
    width: 2,
    points: { show: line.x.length < 60, size: 5 },
  }));
}

function drawAlarms(plot: uPlot, alarms: AlarmMark[], bad: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const alarm of alarms) {
    const from = plot.valToPos(alarm.from_ms / 1000, "x", true);
    const to = plot.valToPos(alarm.to_ms / 1000, "x", true);
    ctx.fillStyle = `${bad}22`;
    ctx.fillRect(from, bbox.top, Math.max(to - from, 2), bbox.height);
    ctx.fillStyle = bad;
    ctx.fillRect(from, bbox.top, Math.max(to - from, 3), 3 * devicePixelRatio);
  }
  ctx.restore();
}

function drawThresholds(plot: uPlot, thresholds: Threshold[], warn: string, font: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px ${font}`;
  ctx.strokeStyle = warn;
  ctx.fillStyle = warn;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  const room = 14 * devicePixelRatio;
  let far = 0;
  for (const threshold of thresholds) {
    const y = plot.valToPos(threshold.value, "y", true);
    const isIn = y >= bbox.top && y <= bbox.top + bbox.height;
    if (isIn) {
      ctx.setLineDash([8 * devicePixelRatio, 5 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    } else {
      far += 1;
    }
    const place = isIn
      ? Math.max(y - 3 * devicePixelRatio, bbox.top + room)
      : bbox.top + 4 * devicePixelRatio + far * room;
    const label = isIn ? threshold.label : `↑ ${threshold.label}`;
    ctx.fillText(label, bbox.left + bbox.width - 6 * devicePixelRatio, place);
  }
  ctx.restore();
}

function select(plot: uPlot, actions: ChartActions): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const from_ms = Math.round(plot.posToVal(left, "x") * 1000);
  const to_ms = Math.round(plot.posToVal(left + width, "x") * 1000);
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  actions.zoom({ from_ms, to_ms });
}

/** A small box that follows the cursor and names the values under it. */
function readout(data: ChartData): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-readout";
  box.setAttribute("aria-hidden", "true");
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => {
        plot.over.appendChild(box);
      },
      setCursor: (plot) => {
        const left = plot.cursor.left ?? -1;
        const at = left < 0 ? null : plot.posToVal(left, "x");
        box.hidden = at === null;
        if (at === null) return;
        const rows = readings(data, at);
        box.replaceChildren(text("b", dateTime(at * 1000)), ...rows.map(row));
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? "8px" : "auto";
        box.style.right = isRight ? "auto" : "8px";
      },
    },
  };
}

type Reading = { name: string; value: number; colour: string };

/** The newest value of each line before `at`, as lines do not share their times. */
export function readings({ lines, fleet, shown }: ChartData, at: number): Reading[] {
  const found: Reading[] = [];
  const add = (name: string, x: number[], y: Array<number | null>, shade: string) => {
    const value = y[nearest(x, at)];
    if (value !== null && value !== undefined) found.push({ name, value, colour: shade });
  };
  lines.forEach((line, n) => {
    add(line.name, line.x, line.y, colour(n));
  });
  if (fleet) {
    for (const name of ["max", "p99", "p90", "p50", "p10"] as const) {
      if (shown.has(name)) add(`fleet ${name}`, fleet.x, fleet[name], "var(--muted)");
    }
  }
  return found;
}

/** The place in ascending `x` of what is nearest to `at`. */
export function nearest(x: number[], at: number): number {
  let [low, high] = [0, x.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  return Math.abs((x[high] ?? 0) - at) < Math.abs((x[low] ?? 0) - at) ? high : low;
}

function row(reading: Reading): HTMLElement {
  const line = document.createElement("div");
  const mark = document.createElement("i");
  mark.style.background = reading.colour;
  line.append(mark, text("span", reading.name), text("b", count(reading.value)));
  return line;
}

function text(tag: "b" | "span", content: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}
