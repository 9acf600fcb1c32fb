// What narrows the list of alarms.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useId, useState } from "react";
import { profilesQuery } from "../api/profiles";
import { behaviorsOf, names as namesOf } from "../profiles/document";
import { type AlarmSearch, DEFAULT_SPAN, isNarrowed, readFilter, SPANS, VERIFICATION_STATES } from "./filter";
import { VERDICTS } from "./verification";

type Props = { filter: AlarmSearch; onChange: (filter: AlarmSearch) => void };

export function Filters({ filter, onChange }: Props) {
  const { data } = useQuery(profilesQuery);
  const profiles = data?.profiles ?? [];
  const names = profiles
    .filter((profile) => !filter.profile || profile.name === filter.profile)
    .flatMap((profile) => namesOf(behaviorsOf(profile.document)));
  const [isOpen, setOpen] = useState(false);
  const set = (part: Record<string, string>) => onChange(readFilter({ ...filter, ...part }));
  return (
    <search className={isOpen || isNarrowed(filter) ? "filters open" : "filters"} aria-label="Filters">
      <button
        type="button"
        className="button toggle"
        aria-expanded={isOpen || isNarrowed(filter)}
        onClick={() => setOpen(!isOpen)}
      >
        Filters
      </button>
      <Text label="Device" value={filter.thing} onChange={(thing) => set({ thing })} />
      <Text
        label="Profile"
        value={filter.profile}
        options={profiles.map((profile) => profile.name)}
        onChange={(profile) => set({ profile })}
      />
      <Text
        label="Behavior"
        value={filter.behavior}
        options={[...new Set(names)]}
        onChange={(behavior) => set({ behavior })}
      />
      <Choice
        label="Verified as"
        value={filter.verification}
        onChange={(verification) => set({ verification })}
      >
        <option value="">Anything</option>
        {VERIFICATION_STATES.map((state) => (
          <option key={state} value={state}>
            {VERDICTS[state].text}
          </option>
        ))}
      </Choice>
      <Choice label="Notifications" value={filter.suppressed} onChange={(suppressed) => set({ suppressed })}>
        <option value="">Sent or muted</option>
        <option value="false">Sent</option>
        <option value="true">Muted</option>
      </Choice>
      {filter.state === "cleared" || filter.state === "all" ? (
        <Choice label="Ended within" value={filter.last ?? DEFAULT_SPAN} onChange={(last) => set({ last })}>
          {SPANS.map((span) => (
            <option key={span.value} value={span.value}>
              {span.text}
            </option>
          ))}
        </Choice>
      ) : null}
      {isNarrowed(filter) ? (
        <button
          type="button"
          className="button quiet"
          onClick={() => onChange({ state: filter.state, last: filter.last })}
        >
          Clear filters
        </button>
      ) : null}
    </search>
  );
}

type TextProps = {
  label: string;
  value: string | undefined;
  options?: string[];
  onChange: (value: string) => void;
};

function Text({ label, value = "", options, onChange }: TextProps) {
  const id = useId();
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        className="input"
        id={id}
        type="search"
        value={draft}
        spellCheck={false}
        autoComplete="off"
        placeholder="Any"
        list={options ? `${id}-options` : undefined}
        onChange={(event) => {
          setDraft(event.target.value);
          onChange(event.target.value.trim());
        }}
      />
      {options ? (
        <datalist id={`${id}-options`}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      ) : null}
    </div>
  );
}

type ChoiceProps = {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
  children: ReactNode;
};

function Choice({ label, value = "", onChange, children }: ChoiceProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select className="input" id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
    </div>
  );
}
