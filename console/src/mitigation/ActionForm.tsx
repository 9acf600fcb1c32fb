// Makes a mitigation action, or changes what one does.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { changeAction, createAction } from "../api/mitigation";
import { topicsQuery } from "../api/notifications";
import { groupsQuery } from "../api/registry";
import type { MitigationAction, MitigationActionType } from "../api/types.gen";
import { ActionDialog, Field } from "../components/ActionDialog";
import { ACTION_TYPE_NAMES, ACTION_TYPES, LOG_LEVELS, readParams, storedParams } from "./action-types";

type Props = {
  /** What is changed; absent for a new one. */
  action?: MitigationAction | undefined;
  onClose: () => void;
};

export function ActionForm({ action, onClose }: Props) {
  const [type, setType] = useState<MitigationActionType>(action?.type ?? "ADD_THINGS_TO_THING_GROUP");
  return (
    <ActionDialog
      title={action ? `Edit ${action.name}` : "New mitigation action"}
      verb={action ? "Save" : "Create"}
      onClose={onClose}
      act={async (field) => {
        const params = readParams(type, field);
        if (action) return changeAction(action.name, { params });
        const role_arn = field("role");
        return createAction({ name: field("name"), params, ...(role_arn === "" ? {} : { role_arn }) });
      }}
    >
      {action ? null : (
        <Field
          name="name"
          label="Name"
          required
          pattern="[a-zA-Z0-9_\-]+"
          maxLength={128}
          hint="Letters, digits, underscore and hyphen."
        />
      )}
      <div className="field">
        <label htmlFor="field-type">What it does</label>
        <select
          className="input"
          id="field-type"
          value={type}
          onChange={(event) => setType(event.target.value as MitigationActionType)}
          aria-describedby="type-hint"
        >
          {ACTION_TYPE_NAMES.map((name) => (
            <option key={name} value={name}>
              {ACTION_TYPES[name].title}
            </option>
          ))}
        </select>
        <p className="muted" id="type-hint">
          {ACTION_TYPES[type].does}
        </p>
      </div>
      <Parameters key={type} type={type} action={action?.type === type ? action : undefined} />
      {action ? null : (
        <Field
          name="role"
          label="Role ARN"
          maxLength={2048}
          hint="Optional: what AWS's tools show as the action's role."
        />
      )}
    </ActionDialog>
  );
}

function Parameters({ type, action }: { type: MitigationActionType; action: MitigationAction | undefined }) {
  const stored = action ? storedParams(action) : undefined;
  switch (type) {
    case "ADD_THINGS_TO_THING_GROUP":
      return <Groups names={stored?.groups ?? []} override={stored?.override ?? false} />;
    case "ENABLE_IOT_LOGGING":
      return <Logging role={stored?.loggingRole ?? ""} level={stored?.level || "ERROR"} />;
    case "PUBLISH_FINDING_TO_SNS":
      return <Topic arn={stored?.topic ?? ""} />;
    default:
      return null;
  }
}

function Groups({ names, override }: { names: string[]; override: boolean }) {
  const { data } = useQuery(groupsQuery({}));
  return (
    <>
      <Field
        name="groups"
        label="Groups"
        required
        value={names.join(" ")}
        options={data?.groups.map((group) => group.name) ?? []}
        hint="One to ten, with blanks between them."
      />
      <label className="choice">
        <input type="checkbox" name="override" defaultChecked={override} />
        <span>
          <b>Make room</b>
          <span className="muted">A thing in too many groups leaves a dynamic one.</span>
        </span>
      </label>
    </>
  );
}

function Logging({ role, level }: { role: string; level: string }) {
  return (
    <>
      <Field name="logging_role" label="Role ARN for logging" required value={role} maxLength={2048} />
      <div className="field">
        <label htmlFor="field-level">Level</label>
        <select className="input" id="field-level" name="level" defaultValue={level}>
          {LOG_LEVELS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
    </>
  );
}

function Topic({ arn }: { arn: string }) {
  const { data } = useQuery(topicsQuery);
  return (
    <Field
      name="topic"
      label="Topic ARN"
      required
      value={arn}
      maxLength={350}
      options={data?.topics.map((topic) => topic.arn) ?? []}
      hint="Topics are under Notifications."
    />
  );
}
