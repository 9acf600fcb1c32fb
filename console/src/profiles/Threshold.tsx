// What a behavior compares with: operator, value or percentile, and the time it is counted over.
import { useId } from "react";
import type { CatalogueMetric, MetricCatalogue, ProfileProblem } from "../api/types.gen";
import { Segments } from "../components/Segments";
import { duration } from "../lib/format";
import { operatorText } from "../lib/profile";
import { type Behavior, type Members, readBehavior, withCriteria, withThreshold } from "./document";
import type { Element } from "./elements";
import { FieldBox } from "./FieldBox";
import { ListInput } from "./ListInput";
import { NumberInput } from "./NumberInput";
import { badElements } from "./problems";

type Props = {
  raw: Members;
  place: string;
  metric: CatalogueMetric;
  catalogue: MetricCatalogue;
  problems: ProfileProblem[];
  onChange: (raw: Members) => void;
};

const KINDS = [
  { value: "static", text: "A fixed value" },
  { value: "percentile", text: "A percentile of the fleet" },
] as const;

export function Threshold(props: Props) {
  const { raw, place, metric, problems, onChange } = props;
  const behavior = readBehavior(raw);
  if (behavior.threshold === "learned") {
    return <p className="wide muted">Its threshold is learned from the fleet; it can be changed as JSON.</p>;
  }
  const operators = metric.operators.includes(behavior.operator)
    ? metric.operators
    : [behavior.operator, ...metric.operators];
  return (
    <>
      {metric.statistical ? (
        <div className="field wide">
          <span className="label">Compared with</span>
          <div>
            <Segments
              label="Compared with"
              options={KINDS}
              value={behavior.threshold}
              onChange={(kind) => onChange(withThreshold(raw, metric, kind))}
            />
          </div>
        </div>
      ) : null}
      <FieldBox
        label="A healthy device has"
        place={`${place}.criteria.comparisonOperator`}
        problems={problems}
      >
        {(control) => (
          <select
            {...control}
            className="input"
            value={behavior.operator}
            onChange={(event) => onChange(withCriteria(raw, { comparisonOperator: event.target.value }))}
          >
            {operators.map((operator) => (
              <option key={operator} value={operator}>
                {operator === "" ? "Choose" : operatorText(operator)}
              </option>
            ))}
          </select>
        )}
      </FieldBox>
      {behavior.threshold === "percentile" ? (
        <Percentile {...props} behavior={behavior} />
      ) : (
        <Value {...props} behavior={behavior} />
      )}
      <Duration {...props} behavior={behavior} />
    </>
  );
}

type PartProps = Props & { behavior: Behavior };

function Value({ raw, place, metric, behavior, problems, onChange }: PartProps) {
  const isList = metric.kind !== "count" && metric.kind !== "number";
  const at = `${place}.criteria.value`;
  const set = (value: unknown) => onChange(withCriteria(raw, { value: { [metric.kind]: value } }));
  if (!isList) {
    return (
      <FieldBox label="Value" place={at} problems={problems}>
        {(control) => (
          <NumberInput control={control} value={behavior.value} unit={metric.unit} onChange={set} />
        )}
      </FieldBox>
    );
  }
  const elements = Array.isArray(behavior.value) ? (behavior.value as Element[]) : [];
  return (
    <FieldBox
      label={LISTS[metric.kind] ?? "List"}
      place={at}
      problems={problems}
      hint={metric.kind === "strings" ? "Enter adds a text." : "Enter or a comma adds; a list can be pasted."}
      wide
    >
      {(control) => (
        <ListInput
          control={control}
          kind={metric.kind}
          elements={elements}
          bad={badElements(problems, `${at}.${metric.kind}`)}
          onChange={set}
        />
      )}
    </FieldBox>
  );
}

const LISTS: Partial<Record<CatalogueMetric["kind"], string>> = {
  ports: "Ports",
  cidrs: "Addresses and blocks of addresses",
  numbers: "Numbers",
  strings: "Texts",
};

/** `p99` as what it says of the fleet. */
function statisticChoice(statistic: string): string {
  if (statistic === "p0") return "the least value";
  if (statistic === "p50") return "the median";
  if (statistic === "p100") return "the largest value";
  return `${statistic.slice(1)} % of values are below`;
}

function Percentile({ raw, place, catalogue, behavior, problems, onChange }: PartProps) {
  const known = catalogue.statistics.includes(behavior.statistic);
  return (
    <FieldBox
      label="Percentile"
      place={`${place}.criteria.statisticalThreshold`}
      problems={problems}
      hint="Of all devices that this profile watches, in the same period."
    >
      {(control) => (
        <select
          {...control}
          className="input"
          value={behavior.statistic}
          onChange={(event) =>
            onChange(withCriteria(raw, { statisticalThreshold: { statistic: event.target.value } }))
          }
        >
          {known ? null : <option value={behavior.statistic}>{behavior.statistic || "Choose"}</option>}
          {catalogue.statistics.map((statistic) => (
            <option key={statistic} value={statistic}>
              {statistic} – {statisticChoice(statistic)}
            </option>
          ))}
        </select>
      )}
    </FieldBox>
  );
}

function Duration({ raw, place, metric, catalogue, behavior, problems, onChange }: PartProps) {
  const id = useId();
  const isNeeded = behavior.threshold === "percentile" || metric.period === "required";
  const isAllowed = isNeeded || metric.period === "optional" || behavior.durationSeconds !== null;
  if (!isAllowed) return null;
  const seconds = behavior.durationSeconds;
  const choices =
    seconds === null || catalogue.durations.includes(seconds)
      ? catalogue.durations
      : [...catalogue.durations, seconds].sort((a, b) => a - b);
  return (
    <FieldBox label="Counted over" place={`${place}.criteria.durationSeconds`} problems={problems}>
      {(control) => (
        <select
          {...control}
          key={id}
          className="input"
          value={seconds ?? ""}
          onChange={(event) =>
            onChange(
              withCriteria(raw, {
                durationSeconds: event.target.value === "" ? undefined : Number(event.target.value),
              }),
            )
          }
        >
          {isNeeded && seconds !== null ? null : (
            <option value="">{isNeeded ? "Choose" : "no time: the newest value"}</option>
          )}
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {duration(choice * 1000)}
            </option>
          ))}
        </select>
      )}
    </FieldBox>
  );
}
