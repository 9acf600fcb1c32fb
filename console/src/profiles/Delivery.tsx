// What a profile keeps, exports and tells beside its behaviors.
import { useQuery } from "@tanstack/react-query";
import { topicsQuery } from "../api/notifications";
import type { Dimension, MetricCatalogue, ProfileProblem } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { type Members, type Retained, record, retainedOf, withMember, withRetained } from "./document";
import { FieldBox } from "./FieldBox";
import { MetricSelect } from "./MetricSelect";

type Props = {
  document: Members;
  edit: (change: (document: Members) => Members) => void;
  problems: ProfileProblem[];
  readOnly: boolean;
};

type RetainedProps = Props & { catalogue: MetricCatalogue; dimensions: Dimension[] };

/** Metrics of which datapoints are kept without a behavior that looks at them. */
export function RetainedMetrics(props: RetainedProps) {
  const { document, edit, problems, readOnly, catalogue, dimensions } = props;
  const retained = retainedOf(document);
  const set = (next: Retained[]) => edit((before) => withRetained(before, next));
  const taken = new Set(retained.map((one) => one.metric));
  const free = catalogue.metrics.filter((metric) => !taken.has(metric.name));
  return (
    <details className="more" open={problems.some((one) => one.path.startsWith("additional"))}>
      <summary>
        Also kept <span className="muted">– metrics to watch first and to set thresholds for later</span>
        {retained.length > 0 ? <span className="badge">{retained.length}</span> : null}
      </summary>
      <fieldset className="bare panel-body stack" disabled={readOnly}>
        {retained.map((one, index) => (
          <RetainedRow
            // biome-ignore lint/suspicious/noArrayIndexKey: a metric may be kept twice, by dimension
            key={index}
            one={one}
            place={`additionalMetricsToRetainV2[${index}]`}
            onChange={(next) => set(retained.map((it, n) => (n === index ? next : it)))}
            onRemove={() => set(retained.filter((_, n) => n !== index))}
            {...{ catalogue, dimensions, problems }}
          />
        ))}
        <div>
          <button
            type="button"
            className="button"
            disabled={free.length === 0}
            onClick={() => {
              const metric = free[0]?.name ?? "";
              set([...retained, { metric, dimension: null, operator: "IN", exportMetric: false }]);
            }}
          >
            <Icon name="plus" />
            Keep another metric
          </button>
        </div>
      </fieldset>
    </details>
  );
}

type RowProps = {
  one: Retained;
  place: string;
  catalogue: MetricCatalogue;
  dimensions: Dimension[];
  problems: ProfileProblem[];
  onChange: (next: Retained) => void;
  onRemove: () => void;
};

function RetainedRow({ one, place, catalogue, dimensions, problems, onChange, onRemove }: RowProps) {
  const metric = catalogue.metrics.find((it) => it.name === one.metric);
  const dimensionValue = one.dimension ? `${one.operator} ${one.dimension}` : "";
  return (
    <div className="kept-metric">
      <FieldBox label="Metric" place={place} problems={problems}>
        {(control) => (
          <MetricSelect
            control={control}
            metrics={catalogue.metrics}
            value={one.metric}
            onChange={(name) => onChange({ ...one, metric: name })}
          />
        )}
      </FieldBox>
      {(metric?.dimension && dimensions.length > 0) || one.dimension ? (
        <FieldBox label="Of topics" place={`${place}.metricDimension`} problems={[]}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={dimensionValue}
              onChange={(event) => {
                const [operator = "IN", ...name] = event.target.value.split(" ");
                onChange({ ...one, dimension: name.join(" ") || null, operator: operator || "IN" });
              }}
            >
              <option value="">all</option>
              {one.dimension && !dimensions.some((it) => it.name === one.dimension) ? (
                <option value={dimensionValue}>{one.dimension}</option>
              ) : null}
              {dimensions.flatMap(({ name }) => [
                <option key={name} value={`IN ${name}`}>
                  {name}
                </option>,
                <option key={`not ${name}`} value={`NOT_IN ${name}`}>
                  not {name}
                </option>,
              ])}
            </select>
          )}
        </FieldBox>
      ) : null}
      <label className="check">
        <input
          type="checkbox"
          checked={one.exportMetric}
          onChange={(event) => onChange({ ...one, exportMetric: event.target.checked })}
        />
        Export
      </label>
      <button
        type="button"
        className="button quiet"
        aria-label={`Do not keep ${one.metric}`}
        onClick={onRemove}
      >
        Remove
      </button>
    </div>
  );
}

/** Where alarms and datapoints are sent. */
export function Delivery({ document, edit, problems, readOnly }: Props) {
  const { data: topics } = useQuery({ ...topicsQuery, refetchInterval: false, staleTime: 30_000 });
  const sns = record(record(document.alertTargets).SNS);
  const config = record(document.metricsExportConfig);
  const setSns = (member: string, value: string) =>
    edit((before) => {
      const next = withMember(record(record(before.alertTargets).SNS), member, value);
      return withMember(before, "alertTargets", Object.keys(next).length > 0 ? { SNS: next } : undefined);
    });
  const setExport = (member: string, value: string) =>
    edit((before) => {
      const next = withMember(record(before.metricsExportConfig), member, value);
      return withMember(before, "metricsExportConfig", Object.keys(next).length > 0 ? next : undefined);
    });
  const isSet = Object.keys(sns).length > 0 || Object.keys(config).length > 0;
  const hasProblem = problems.some((one) => /^(alertTargets|metricsExportConfig)/.test(one.path));
  const line = (
    [label, place, value]: [string, string, unknown],
    set: (value: string) => void,
    options?: string[],
  ) => (
    <FieldBox label={label} place={place} problems={problems}>
      {(control) => (
        <>
          <input
            {...control}
            className="input mono"
            value={typeof value === "string" ? value : ""}
            spellCheck={false}
            autoComplete="off"
            list={options ? `${control.id}-options` : undefined}
            onChange={(event) => set(event.target.value)}
          />
          {options ? (
            <datalist id={`${control.id}-options`}>
              {options.map((option) => (
                <option key={option} value={option} />
              ))}
            </datalist>
          ) : null}
        </>
      )}
    </FieldBox>
  );
  return (
    <details className="more" open={hasProblem}>
      <summary>
        Alerts and export <span className="muted">– a topic to notify, and an MQTT topic for datapoints</span>
        {isSet ? <span className="badge">set</span> : null}
      </summary>
      <fieldset className="bare panel-body form-grid" disabled={readOnly}>
        {line(
          ["Alert topic (ARN)", "alertTargets.SNS.alertTargetArn", sns.alertTargetArn],
          (value) => setSns("alertTargetArn", value),
          topics?.topics.map((topic) => topic.arn) ?? [],
        )}
        {line(["Its role (ARN)", "alertTargets.SNS.roleArn", sns.roleArn], (value) =>
          setSns("roleArn", value),
        )}
        {line(["MQTT topic of the export", "metricsExportConfig.mqttTopic", config.mqttTopic], (value) =>
          setExport("mqttTopic", value),
        )}
        {line(["Its role (ARN)", "metricsExportConfig.roleArn", config.roleArn], (value) =>
          setExport("roleArn", value),
        )}
      </fieldset>
    </details>
  );
}
