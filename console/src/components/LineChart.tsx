// uPlot in React: one chart, redrawn when data, theme or width change.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { count, dateTime, tick, timeTick } from "../lib/format";
import { colour, type Series } from "../lib/series";
import { useTheme } from "../lib/theme";

type Props = {
  series: Series;
  height: number;
  label: string;
  /** Names of lines that are switched off. */
  hidden?: ReadonlySet<string>;
  firstColour?: number;
  /** Names of series of which only the points are drawn, as something is wrong with them. */
  marks?: ReadonlySet<string>;
};

const NONE: ReadonlySet<string> = new Set();

export function LineChart({ series, height, label, hidden, firstColour = 0, marks = NONE }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read from CSS
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const options = chartOptions(series, height, firstColour, { hidden: hidden ?? NONE, marks });
    const plot = new uPlot(
      { ...options, width: Math.max(element.clientWidth, 120) },
      [series.x, ...series.y],
      element,
    );
    const resize = new ResizeObserver(() =>
      plot.setSize({ width: Math.max(element.clientWidth, 120), height }),
    );
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [series, height, hidden, firstColour, marks, theme]);

  return <div ref={box} role="img" aria-label={label} />;
}

function chartOptions(
  series: Series,
  height: number,
  firstColour: number,
  { hidden, marks }: { hidden: ReadonlySet<string>; marks: ReadonlySet<string> },
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: read("--muted"),
    font: `11px ${read("--font")}`,
    grid: { stroke: read("--line"), width: 1 },
    ticks: { stroke: read("--line"), width: 1, size: 4 },
  };
  return {
    width: 0,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    plugins: [readout(series)],
    scales: { x: { time: series.isTime }, y: { range: fromZero } },
    axes: [
      { ...axis, size: 28, ...(series.isTime ? { values: timeTicks } : {}) },
      {
        ...axis,
        size: 52,
        values: (_, ticks) => ticks.map(tick),
        ...(wholeNumbers(series) ? { incrs: WHOLE_STEPS } : {}),
      },
    ],
    series: [
      {},
      ...series.names.map((name, n) => ({
        label: name,
        show: !hidden.has(name),
        spanGaps: true,
        ...(marks.has(name)
          ? { stroke: read("--bad"), paths: () => null, points: { show: true, size: 9, fill: read("--bad") } }
          : {
              stroke: colour(firstColour + n),
              width: 1.75,
              points: { show: series.x.length < 40, size: 4 },
            }),
      })),
    ],
  };
}

/** Steps of an axis where there is nothing between two numbers. */
const WHOLE_STEPS = Array.from({ length: 15 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

function wholeNumbers(series: Series): boolean {
  return series.y.every((line) => line.every((value) => value === null || Number.isInteger(value)));
}

function timeTicks(_: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  return splits.map((seconds) => timeTick(seconds, step));
}

/** Counts are read from zero; a line that never leaves zero still gets some room. */
function fromZero(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const top = Math.max(high ?? 0, 0);
  const bottom = Math.min(low ?? 0, 0);
  return top === bottom ? [0, 1] : [bottom, top + (top - bottom) * 0.06];
}

/** A small box that follows the cursor and names the values under it. */
function readout(series: Series): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-readout";
  box.setAttribute("aria-hidden", "true");
  return {
    hooks: {
      init: (plot) => {
        plot.over.appendChild(box);
      },
      setCursor: (plot) => {
        const index = plot.cursor.idx;
        const x = index === null || index === undefined ? undefined : series.x[index];
        box.hidden = x === undefined;
        if (x === undefined || index === null || index === undefined) return;
        const title = series.isTime ? dateTime(x * 1000) : `${series.xName} ${x}`;
        const lines = series.names
          .map((name, n) => ({ name, n, value: series.y[n]?.[index] }))
          .filter((line) => plot.series[line.n + 1]?.show && line.value !== null && line.value !== undefined)
          .slice(0, 12);
        box.replaceChildren(
          text("b", title),
          ...lines.map((line) => row(plot, line.n, line.name, line.value ?? 0)),
        );
        const left = plot.cursor.left ?? 0;
        box.style.left = left > plot.over.clientWidth / 2 ? "8px" : "auto";
        box.style.right = left > plot.over.clientWidth / 2 ? "auto" : "8px";
      },
    },
  };
}

function row(plot: uPlot, n: number, name: string, value: number): HTMLElement {
  const line = document.createElement("div");
  const mark = document.createElement("i");
  const stroke = plot.series[n + 1]?.stroke;
  mark.style.background = typeof stroke === "function" ? String(stroke(plot, n + 1)) : "";
  line.append(mark, text("span", name), text("b", count(value)));
  return line;
}

function text(tag: "b" | "span", content: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}
