// A line without axes, beside a figure.

type Props = { values: Array<number | null>; label: string; tone?: "accent" | "bad" };

const WIDTH = 120;
const HEIGHT = 32;

export function Sparkline({ values, label, tone = "accent" }: Props) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const top = Math.max(...known, 1);
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
