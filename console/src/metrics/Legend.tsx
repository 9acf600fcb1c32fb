// What the chart's lines are; those of the fleet can be switched.
import { colour } from "../lib/series";
import type { FleetName } from "./lines";

const FLEET: Array<{ names: FleetName[]; text: string; mark: string }> = [
  { names: ["p10", "p90"], text: "fleet, 10 % to 90 %", mark: "area" },
  { names: ["p50"], text: "fleet, median", mark: "line" },
  { names: ["p99"], text: "fleet, 99 %", mark: "dashed" },
  { names: ["max"], text: "fleet, largest", mark: "dotted" },
];

type Props = {
  things: string[];
  hasFleet: boolean;
  shown: ReadonlySet<FleetName>;
  setShown: (shown: ReadonlySet<FleetName>) => void;
};

export function Legend({ things, hasFleet, shown, setShown }: Props) {
  const toggle = (names: FleetName[]) => {
    const next = new Set(shown);
    for (const name of names) {
      if (shown.has(name)) next.delete(name);
      else next.add(name);
    }
    setShown(next);
  };
  return (
    <div className="legend metric-legend">
      {things.map((name, n) => (
        <span key={name} className="entry">
          <i className="swatch" style={{ background: colour(n) }} />
          {name}
        </span>
      ))}
      {hasFleet ? (
        <fieldset className="bare row-form" aria-label="Lines of the fleet">
          {FLEET.map((one) => (
            <button
              key={one.text}
              type="button"
              aria-pressed={one.names.every((name) => shown.has(name))}
              onClick={() => toggle(one.names)}
            >
              <i className={`mark ${one.mark}`} />
              {one.text}
            </button>
          ))}
        </fieldset>
      ) : null}
    </div>
  );
}
