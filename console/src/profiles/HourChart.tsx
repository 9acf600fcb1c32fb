// Alarms by hour as bars.
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { ProfilePreview } from "../api/types.gen";
import { count, dateTime, tick, timeTick } from "../lib/format";
import { useTheme } from "../lib/theme";
import { type Bars, hourBars } from "./hours";

const HEIGHT = 120;

export function HourChart({ preview }: { preview: ProfilePreview }) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const bars = useMemo(() => hourBars(preview), [preview]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read from CSS
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const width = () => Math.max(element.clientWidth, 120);
    const plot = new uPlot({ ...options(bars), width: width(), height: HEIGHT }, [bars.x, bars.y], element);
    const resize = new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [bars, theme]);
  const most = bars.x[bars.y.indexOf(Math.max(...bars.y))];
  const label = `Alarms by ${bars.name}; most, ${count(Math.max(...bars.y))}, from ${dateTime((most ?? 0) * 1000)}`;
  return (
    <figure className="hour-chart">
      <figcaption className="label">Alarms by {bars.name}</figcaption>
      <div ref={box} role="img" aria-label={label} />
    </figure>
  );
}

function options(bars: Bars): Omit<uPlot.Options, "width" | "height"> {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: read("--muted"),
    font: `11px ${read("--font")}`,
    grid: { stroke: read("--line"), width: 1 },
    ticks: { stroke: read("--line"), width: 1, size: 4 },
  };
  const paths = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 });
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: () => [bars.x[0] ?? 0, (bars.x.at(-1) ?? 0) + bars.seconds] },
      y: { range: (_, __, high) => [0, Math.max(high ?? 1, 1) * 1.05] },
    },
    axes: [
      { ...axis, size: 26, values: (_, splits, __, ___, step) => splits.map((at) => timeTick(at, step)) },
      {
        ...axis,
        size: 40,
        values: (_, ticks) => ticks.map(tick),
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000],
      },
    ],
    series: [
      {},
      {
        label: "alarms",
        stroke: read("--bad"),
        fill: read("--bad"),
        width: 0,
        points: { show: false },
        ...(paths ? { paths } : {}),
      },
    ],
  };
}
