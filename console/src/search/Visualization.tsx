// A result as lines over time or over a number.
import { useMemo, useState } from "react";
import type { SearchResult } from "../api/types.gen";
import { LineChart } from "../components/LineChart";
import { Empty } from "../components/StateViews";
import { colour, SERIES_MAX, toSeries } from "../lib/series";

export function Visualization({ result }: { result: SearchResult }) {
  const series = useMemo(() => toSeries(result), [result]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  if (typeof series === "string") {
    return (
      <div className="tab-panel">
        <Empty title="This result cannot be drawn as lines">
          <p>{series}</p>
        </Empty>
      </div>
    );
  }
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    setHidden(next);
  };
  const cut = result.fields.length - 1 > SERIES_MAX;
  return (
    <div className="tab-panel chart-box">
      <LineChart
        series={series}
        height={340}
        hidden={hidden}
        label={`Line chart of ${series.names.join(", ")} over ${series.xName}. The Statistics tab has the numbers.`}
      />
      <fieldset className="legend" aria-label="Lines" style={{ border: 0, margin: 0, paddingInline: 0 }}>
        {series.names.map((name, n) => (
          <button
            key={name}
            type="button"
            aria-pressed={!hidden.has(name)}
            onClick={() => toggle(name)}
            title={name}
          >
            <span
              className="swatch"
              style={{ background: hidden.has(name) ? "var(--line-strong)" : colour(n) }}
            />
            <span className="name">{name}</span>
          </button>
        ))}
      </fieldset>
      {cut ? <p className="muted">Only the first {SERIES_MAX} columns are drawn.</p> : null}
    </div>
  );
}
