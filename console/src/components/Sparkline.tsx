// A line without axes, beside a figure.

type Props = { values: Array<number | null>; label: string; tone?: "accent" | "bad" };

const WIDTH = 120;
const HEIGHT = 32;

const POINTS_MAX = 60;

/** Means of neighbours, so that the line has no more points than it has room for. */
export function thinned(values: Array<number | null>): Array<number | null> {
  const size = Math.ceil(values.length / POINTS_MAX);
  if (size <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / size) }, (_, n) => {
    const known = values.slice(n * size, (n + 1) * size).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}

export function Sparkline({ values: all, label, tone = "accent" }: Props) {
  const values = thinned(all);
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  // Some air above, so that a line that stands still is not taken for the edge.
  const top = Math.max(...known, 1) * 1.25;
  const step = WIDTH / (values.length - 1);
  const points = values
    .map((value, n) =>
      value === null
        ? null
        : `${(n * step).toFixed(1)},${(HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)}`,
    )
    .filter((point) => point !== null);
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke={`var(--${tone})`}
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
