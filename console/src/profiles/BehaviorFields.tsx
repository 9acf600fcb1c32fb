// One behavior as a form.
import { Link } from "@tanstack/react-router";
import type { CatalogueMetric, Dimension, MetricCatalogue, ProfileProblem } from "../api/types.gen";
import { aboutMetric, type Members, readBehavior, withCriteria, withDimension, withMember } from "./document";
import { FieldBox, Problems } from "./FieldBox";
import { MetricSelect } from "./MetricSelect";
import { NumberInput } from "./NumberInput";
import { problemsBeside } from "./problems";
import { Threshold } from "./Threshold";

type Props = {
  raw: Members;
  /** Where it stands: `behaviors[0]`. */
  place: string;
  catalogue: MetricCatalogue;
  dimensions: Dimension[];
  problems: ProfileProblem[];
  /** Names of the other behaviors. */
  taken: string[];
  onChange: (raw: Members) => void;
};

const FIELDS = [
  "name",
  "metric",
  "metricDimension",
  "criteria.comparisonOperator",
  "criteria.value",
  "criteria.statisticalThreshold",
  "criteria.durationSeconds",
  "criteria.consecutiveDatapointsToAlarm",
  "criteria.consecutiveDatapointsToClear",
];

export function BehaviorFields(props: Props) {
  const { raw, place, catalogue, problems, taken, onChange } = props;
  const behavior = readBehavior(raw);
  const metric = catalogue.metrics.find((one) => one.name === behavior.metric);
  const beside = problemsBeside(
    problems,
    place,
    FIELDS.map((field) => `${place}.${field}`),
  );
  return (
    <div className="form-grid">
      {beside.length > 0 ? <Problems problems={beside} withPlace /> : null}
      <FieldBox label="Name" place={`${place}.name`} problems={problems}>
        {(control) => (
          <input
            {...control}
            className="input mono"
            value={behavior.name}
            maxLength={128}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => onChange({ ...raw, name: event.target.value })}
          />
        )}
      </FieldBox>
      <FieldBox
        label="Metric"
        place={`${place}.metric`}
        problems={problems}
        hint={metric ? about(metric) : undefined}
      >
        {(control) => (
          <MetricSelect
            control={control}
            metrics={catalogue.metrics}
            value={behavior.metric}
            onChange={(name) => {
              const chosen = catalogue.metrics.find((one) => one.name === name);
              if (chosen) onChange(aboutMetric(raw, chosen, taken));
            }}
          />
        )}
      </FieldBox>
      {metric?.dimension || behavior.dimension ? <DimensionFields {...props} /> : null}
      {metric ? <Threshold {...props} metric={metric} /> : null}
      <Consecutive {...props} />
      <Flags raw={raw} onChange={onChange} />
    </div>
  );
}

function about(metric: CatalogueMetric): string {
  return metric.unit === "" ? metric.doc : `${metric.doc} Unit: ${metric.unit}.`;
}

function DimensionFields({ raw, place, dimensions, problems, onChange }: Props) {
  const { dimension } = readBehavior(raw);
  const names = dimensions.map((one) => one.name);
  const unknown = dimension && !names.includes(dimension.name) ? [dimension.name] : [];
  const values = dimensions.find((one) => one.name === dimension?.name)?.values;
  return (
    <>
      <FieldBox
        label="Only topics of"
        place={`${place}.metricDimension`}
        problems={problems}
        hint={
          names.length === 0 ? (
            <>
              There are no dimensions yet. <Link to="/dimensions">Make one</Link>
            </>
          ) : (
            values?.join(", ")
          )
        }
      >
        {(control) => (
          <select
            {...control}
            className="input"
            value={dimension?.name ?? ""}
            onChange={(event) =>
              onChange(withDimension(raw, event.target.value, dimension?.operator ?? "IN"))
            }
          >
            <option value="">all topics</option>
            {[...unknown, ...names].map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </FieldBox>
      {dimension ? (
        <FieldBox label="That is" place={`${place}.metricDimension.operator`} problems={[]}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={dimension.operator}
              onChange={(event) => onChange(withDimension(raw, dimension.name, event.target.value))}
            >
              <option value="IN">topics that match</option>
              <option value="NOT_IN">topics that do not match</option>
            </select>
          )}
        </FieldBox>
      ) : null}
    </>
  );
}

const RUNS = [
  {
    member: "consecutiveDatapointsToAlarm",
    label: "Alarm after",
    of: "toAlarm",
    unit: "in a row that break it",
  },
  {
    member: "consecutiveDatapointsToClear",
    label: "Clear after",
    of: "toClear",
    unit: "in a row that keep it",
  },
] as const;

function Consecutive({ raw, place, problems, onChange }: Props) {
  const behavior = readBehavior(raw);
  return RUNS.map((run) => (
    <FieldBox
      key={run.member}
      label={run.label}
      place={`${place}.criteria.${run.member}`}
      problems={problems}
    >
      {(control) => (
        <NumberInput
          control={control}
          value={behavior[run.of]}
          unit={run.unit}
          onChange={(value) => onChange(withCriteria(raw, { [run.member]: value }))}
        />
      )}
    </FieldBox>
  ));
}

function Flags({ raw, onChange }: { raw: Members; onChange: (raw: Members) => void }) {
  const behavior = readBehavior(raw);
  const flags = [
    {
      member: "suppressAlerts",
      text: "Mute: list its alarms, but notify nobody",
      is: behavior.suppressAlerts,
    },
    { member: "exportMetric", text: "Export the metric's datapoints", is: behavior.exportMetric },
  ];
  return (
    <div className="wide checks">
      {flags.map((flag) => (
        <label key={flag.member}>
          <input
            type="checkbox"
            checked={flag.is}
            onChange={(event) => onChange(withMember(raw, flag.member, event.target.checked || undefined))}
          />
          {flag.text}
        </label>
      ))}
    </div>
  );
}
