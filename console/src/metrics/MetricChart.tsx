// The metric chart: drag to zoom, double click to reset, and keys for both.
import { type KeyboardEvent, useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../lib/theme";
import { type ChartActions, type ChartData, columnsOf, optionsOf } from "./plot";
import { moved, type Span, scaled } from "./span";

const HEIGHT = 380;

type Props = { data: ChartData; actions: ChartActions; label: string };

export function MetricChart({ data, actions, label }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours that are read from CSS
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const width = () => Math.max(element.clientWidth, 120);
    const plot = new uPlot(
      { ...optionsOf(data, actions), width: width(), height: HEIGHT },
      columnsOf(data),
      element,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: width(), height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [data, actions, theme]);
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = spanAfter(event.key, data.span);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (next === null) actions.reset();
    else actions.zoom(next);
  };
  return (
    <section
      className="metric-chart"
      aria-label="Chart"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys zoom and move it
      tabIndex={0}
      onKeyDown={onKey}
      aria-describedby="chart-keys"
    >
      <div ref={box} role="img" aria-label={label} />
      <p className="visually-hidden" id="chart-keys">
        Plus and minus zoom, the arrows left and right move, zero shows the whole time again.
      </p>
    </section>
  );
}

/** What a key makes of the span: null for the whole time, undefined for nothing. */
export function spanAfter(key: string, span: Span): Span | null | undefined {
  switch (key) {
    case "+":
    case "=":
      return scaled(span, 0.5);
    case "-":
      return scaled(span, 2);
    case "ArrowLeft":
      return moved(span, -0.25);
    case "ArrowRight":
      return moved(span, 0.25);
    case "0":
    case "Home":
      return null;
    default:
      return undefined;
  }
}
