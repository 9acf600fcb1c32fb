import type { CatalogueMetric } from "../api/types.gen";
import type { ControlProps } from "./FieldBox";

const GROUPS: Array<{ title: string; has: (metric: CatalogueMetric) => boolean }> = [
  { title: "Measured by the device", has: (metric) => metric.side === "device" && !metric.custom },
  { title: "Measured at the front door", has: (metric) => metric.side === "cloud" && !metric.custom },
  { title: "Custom", has: (metric) => metric.custom },
];

type Props = {
  control: Partial<ControlProps> & { "aria-label"?: string };
  metrics: CatalogueMetric[];
  value: string;
  /** Shown for a metric with something to say of it, for example that nothing is stored. */
  note?: (metric: CatalogueMetric) => string;
  onChange: (metric: string) => void;
};

export function MetricSelect({ control, metrics, value, note, onChange }: Props) {
  const isKnown = metrics.some((metric) => metric.name === value);
  return (
    <select {...control} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
      {isKnown ? null : (
        <option value={value}>{value === "" ? "Choose a metric" : `${value} (unknown)`}</option>
      )}
      {GROUPS.map((group) => {
        const own = metrics.filter(group.has);
        if (own.length === 0) return null;
        return (
          <optgroup key={group.title} label={group.title}>
            {own.map((metric) => (
              <option key={metric.name} value={metric.name}>
                {metric.name}
                {note?.(metric) ?? ""}
              </option>
            ))}
          </optgroup>
        );
      })}
    </select>
  );
}
