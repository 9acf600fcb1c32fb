// Choosing whom a profile watches: a group, or all things of a kind.
import { useQuery } from "@tanstack/react-query";
import { groupsQuery } from "../api/registry";

export type Target = { whom: "nothing" | "group" | `all/${string}`; group: string };

const ALL = [
  { whom: "all/things", text: "All things" },
  { whom: "all/registered-things", text: "All registered things" },
  { whom: "all/unregistered-things", text: "Devices that are not in the registry" },
] as const;

type Props = {
  target: Target;
  onChange: (target: Target) => void;
  /** Whether it may stay without a target for now. */
  mayBeNothing?: boolean;
};

export function TargetChoice({ target, onChange, mayBeNothing }: Props) {
  const { data } = useQuery(groupsQuery({}));
  return (
    <>
      <div className="field">
        <label htmlFor="target-whom">Watches</label>
        <select
          id="target-whom"
          className="input"
          value={target.whom}
          onChange={(event) => onChange({ ...target, whom: event.target.value as Target["whom"] })}
        >
          {mayBeNothing ? <option value="nothing">Nothing yet</option> : null}
          <option value="group">A group</option>
          {ALL.map((one) => (
            <option key={one.whom} value={one.whom}>
              {one.text}
            </option>
          ))}
        </select>
      </div>
      {target.whom === "group" ? (
        <div className="field">
          <label htmlFor="target-group">Group</label>
          <input
            id="target-group"
            className="input mono"
            list="target-groups"
            required
            value={target.group}
            maxLength={128}
            spellCheck={false}
            autoComplete="off"
            aria-describedby="target-group-hint"
            onChange={(event) => onChange({ ...target, group: event.target.value.trim() })}
          />
          <datalist id="target-groups">
            {data?.groups.map((group) => (
              <option key={group.name} value={group.name} />
            ))}
          </datalist>
          <p className="hint" id="target-group-hint">
            Groups in it count, too.
          </p>
        </div>
      ) : null}
    </>
  );
}

/** The target's ARN. Region and account are not looked at: there is one of each. */
export function targetArn({ whom, group }: Target): string {
  const resource = whom === "group" ? `thinggroup/${group}` : whom;
  return `arn:aws:iot:us-east-1:000000000000:${resource}`;
}

/** What a preview is told: nobody chosen yet means all. */
export function targetArns(target: Target): string[] {
  const isOpen = target.whom === "nothing" || (target.whom === "group" && target.group === "");
  return isOpen ? [] : [targetArn(target)];
}
