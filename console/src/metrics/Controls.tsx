// What the explorer shows: metric, topics, devices, fleet.
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { dimensionsQuery } from "../api/profiles";
import { thingsQuery } from "../api/queries";
import { groupsQuery } from "../api/registry";
import type { CatalogueMetric, Series } from "../api/types.gen";
import { colour } from "../lib/series";
import { MetricSelect } from "../profiles/MetricSelect";
import { type MetricSearch, THINGS_MAX, thingsOf, thingsText } from "./address";

type Props = {
  search: MetricSearch;
  metrics: CatalogueMetric[];
  metric: CatalogueMetric | undefined;
  /** What is stored of the first device; undefined while not known. */
  stored: Series[] | undefined;
  set: (changes: Partial<MetricSearch>) => void;
};

export function Controls(props: Props) {
  const { search, metrics, metric, stored, set } = props;
  const isStored = (name: string) => stored?.some((one) => one.metric === name) ?? true;
  return (
    <section className="panel" aria-label="What is shown">
      <div className="panel-body explorer-controls">
        <div className="field">
          <label htmlFor="explorer-metric">Metric</label>
          <MetricSelect
            control={{ id: "explorer-metric", "aria-describedby": "explorer-doc" }}
            metrics={metrics}
            value={metric?.name ?? search.metric ?? ""}
            note={(one) => (isStored(one.name) ? "" : " – not stored of it")}
            onChange={(name) => set({ metric: name, dimension: undefined, operator: undefined })}
          />
          <p className="hint" id="explorer-doc">
            {metric?.doc}
          </p>
        </div>
        <Devices search={search} set={set} />
        {metric?.dimension ? <Topics {...props} /> : null}
        {metric && isNumeric(metric) ? <Fleet search={search} set={set} /> : null}
      </div>
    </section>
  );
}

export function isNumeric(metric: CatalogueMetric): boolean {
  return metric.kind === "count" || metric.kind === "number";
}

type PartProps = Pick<Props, "search" | "set">;

function Devices({ search, set }: PartProps) {
  const things = thingsOf(search);
  const [typed, setTyped] = useState("");
  const { data } = useQuery(thingsQuery({ prefix: typed }));
  const put = (names: string[]) => set({ things: thingsText(names) });
  const add = (name: string) => {
    setTyped("");
    if (name.trim() !== "") put([...new Set([...things, name.trim()])]);
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") add(typed);
    else if (event.key === "Backspace" && typed === "") put(things.slice(0, -1));
  };
  const choices = data?.things.map((thing) => thing.name) ?? [];
  const isFull = things.length >= THINGS_MAX;
  return (
    <div className="field">
      <label htmlFor="explorer-device">Devices</label>
      <div className="list-input">
        <ul aria-label="Chosen devices">
          {things.map((name, n) => (
            <li key={name} className="chip">
              <i className="swatch" style={{ background: colour(n) }} />
              <span>{name}</span>
              <button
                type="button"
                aria-label={`Remove ${name}`}
                onClick={() => put(things.filter((one) => one !== name))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
        <input
          id="explorer-device"
          className="input"
          value={typed}
          disabled={isFull}
          placeholder={isFull ? `no more than ${THINGS_MAX}` : "Add a device by its name"}
          list="explorer-devices"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => {
            // A choice from the list is taken at once.
            const isChoice = !(event.nativeEvent as InputEvent).inputType || isReplaced(event.nativeEvent);
            if (isChoice && choices.includes(event.target.value)) add(event.target.value);
            else setTyped(event.target.value);
          }}
          onKeyDown={onKey}
        />
        <datalist id="explorer-devices">
          {choices.slice(0, 50).map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
    </div>
  );
}

function isReplaced(event: Event): boolean {
  return (event as InputEvent).inputType === "insertReplacementText";
}

function Topics({ search, set }: PartProps) {
  const { data } = useQuery(dimensionsQuery);
  const value = search.dimension ? `${search.operator ?? "IN"} ${search.dimension}` : "";
  const names = data?.dimensions.map((one) => one.name) ?? [];
  const isUnknown = search.dimension !== undefined && !names.includes(search.dimension);
  return (
    <div className="field">
      <label htmlFor="explorer-topics">Topics</label>
      <select
        id="explorer-topics"
        className="input"
        value={value}
        onChange={(event) => {
          const [operator, ...name] = event.target.value.split(" ");
          const dimension = name.join(" ") || undefined;
          set({ dimension, operator: dimension ? (operator as MetricSearch["operator"]) : undefined });
        }}
      >
        <option value="">all</option>
        {isUnknown ? <option value={value}>{search.dimension}</option> : null}
        {names.flatMap((name) => [
          <option key={name} value={`IN ${name}`}>
            of {name}
          </option>,
          <option key={`not ${name}`} value={`NOT_IN ${name}`}>
            not of {name}
          </option>,
        ])}
      </select>
    </div>
  );
}

function Fleet({ search, set }: PartProps) {
  const { data } = useQuery(groupsQuery({}));
  return (
    <div className="field">
      <label htmlFor="explorer-group">Fleet</label>
      <div className="list-input">
        <label className="check">
          <input
            type="checkbox"
            checked={search.fleet !== "off"}
            onChange={(event) => set({ fleet: event.target.checked ? undefined : "off" })}
          />
          Show its spread
        </label>
        <input
          id="explorer-group"
          className="input"
          key={search.group ?? ""}
          defaultValue={search.group}
          disabled={search.fleet === "off"}
          placeholder="of all devices, or of a group"
          list="explorer-groups"
          spellCheck={false}
          autoComplete="off"
          onKeyDown={(event) => {
            if (event.key === "Enter") set({ group: event.currentTarget.value.trim() || undefined });
          }}
          onBlur={(event) => {
            const group = event.target.value.trim() || undefined;
            if (group !== search.group) set({ group });
          }}
        />
        <datalist id="explorer-groups">
          {data?.groups.map((group) => (
            <option key={group.name} value={group.name} />
          ))}
        </datalist>
      </div>
    </div>
  );
}
