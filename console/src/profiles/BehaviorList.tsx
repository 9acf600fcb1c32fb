// The behaviors of a draft, one a line; one of them is open for editing.
import { useEffect, useId, useRef, useState } from "react";
import type { Dimension, MetricCatalogue, ProfileProblem } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { Empty } from "../components/StateViews";
import { expectation } from "../lib/profile";
import { BehaviorFields } from "./BehaviorFields";
import {
  behaviorsOf,
  freeName,
  type Members,
  names,
  newBehavior,
  readBehavior,
  withBehaviors,
} from "./document";
import { problemsIn } from "./problems";

type Props = {
  document: Members;
  edit: (change: (document: Members) => Members) => void;
  catalogue: MetricCatalogue;
  dimensions: Dimension[];
  problems: ProfileProblem[];
  readOnly: boolean;
};

export function BehaviorList({ document, edit, catalogue, dimensions, problems, readOnly }: Props) {
  const behaviors = behaviorsOf(document);
  const [open, setOpen] = useState<number | null>(null);
  const addButton = useRef<HTMLButtonElement>(null);
  const change = (next: (behaviors: Members[]) => Members[]) =>
    edit((before) => withBehaviors(before, next(behaviorsOf(before))));
  const set = (index: number, raw: Members) =>
    change((all) => all.map((one, n) => (n === index ? raw : one)));
  const add = (raw: Members) => {
    change((all) => [...all, raw]);
    setOpen(behaviors.length);
  };
  const first =
    catalogue.metrics.find((metric) => metric.name === "aws:num-messages-sent") ?? catalogue.metrics[0];
  return (
    <section aria-label="Behaviors">
      {behaviors.length === 0 ? (
        <Empty title="No behaviors yet">
          <p>A behavior says what a healthy device does. One that does otherwise is in alarm.</p>
        </Empty>
      ) : null}
      <ol className="behaviors">
        {behaviors.map((raw, index) => (
          <Item
            // Behaviors have no identity but their place; only the open one holds something of its own.
            // biome-ignore lint/suspicious/noArrayIndexKey: names may be given twice while one is typed
            key={index}
            raw={raw}
            index={index}
            isOpen={open === index}
            taken={open === index ? names(behaviors.filter((_, n) => n !== index)) : NONE}
            setOpen={(isOpen) => setOpen(isOpen ? index : null)}
            onChange={(next) => set(index, next)}
            onDuplicate={() => add({ ...raw, name: freeName(readBehavior(raw).name, names(behaviors)) })}
            onRemove={() => {
              change((all) => all.filter((_, n) => n !== index));
              setOpen(null);
              addButton.current?.focus();
            }}
            {...{ catalogue, dimensions, problems, readOnly }}
          />
        ))}
      </ol>
      {readOnly ? null : (
        <div className="panel-foot">
          <button
            ref={addButton}
            type="button"
            className="button"
            disabled={!first}
            onClick={() => first && add(newBehavior(first, names(behaviors)))}
          >
            <Icon name="plus" />
            Add a behavior
          </button>
        </div>
      )}
    </section>
  );
}

const NONE: string[] = [];

type ItemProps = Omit<Props, "document" | "edit"> & {
  raw: Members;
  index: number;
  isOpen: boolean;
  /** Names of the other behaviors, for the one that is open. */
  taken: string[];
  setOpen: (isOpen: boolean) => void;
  onChange: (raw: Members) => void;
  onDuplicate: () => void;
  onRemove: () => void;
};

function Item(props: ItemProps) {
  const { raw, index, isOpen, setOpen, onChange, onDuplicate, onRemove } = props;
  const id = useId();
  const item = useRef<HTMLLIElement>(null);
  const place = `behaviors[${index}]`;
  const found = problemsIn(props.problems, place).length;
  const { name, metric, suppressAlerts } = readBehavior(raw);
  const title = name === "" ? `Behavior ${index + 1}` : name;
  const summary = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  // One that begins open was just added: the next key goes on from it.
  const isNew = useRef(isOpen);
  useEffect(() => {
    if (isNew.current) summary.current?.focus();
  }, []);
  return (
    <li ref={item} className="behavior">
      <button
        ref={summary}
        type="button"
        className="summary"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="chevron" />
        <span className="summary-text">
          <b>{title}</b>
          <span className="muted">
            <span className="mono">{metric || "no metric"}</span> {expectation(raw)}
          </span>
        </span>
        {suppressAlerts ? <span className="badge">muted</span> : null}
        {found > 0 ? (
          <span className="badge bad">{found === 1 ? "1 problem" : `${found} problems`}</span>
        ) : null}
      </button>
      {isOpen ? (
        <section className="open-behavior" aria-labelledby={`${id}-title`}>
          <h3 className="visually-hidden" id={`${id}-title`}>
            {title}
          </h3>
          <fieldset className="bare" disabled={props.readOnly}>
            <BehaviorFields
              raw={raw}
              place={place}
              catalogue={props.catalogue}
              dimensions={props.dimensions}
              taken={props.taken}
              problems={props.problems}
              onChange={onChange}
            />
          </fieldset>
          {props.readOnly ? null : (
            <div className="row-form">
              <button type="button" className="button" onClick={onDuplicate}>
                Duplicate
              </button>
              <button type="button" className="button danger" onClick={onRemove}>
                Remove
              </button>
            </div>
          )}
        </section>
      ) : null}
    </li>
  );
}
