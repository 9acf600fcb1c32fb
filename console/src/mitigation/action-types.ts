// The six kinds of mitigation actions: what they do, and their parameters in AWS's shape.
import type { MitigationAction, MitigationActionType } from "../api/types.gen";

type Kind = {
  title: string;
  does: string;
  /** The member of AWS's `actionParams`. */
  member: string;
};

export const ACTION_TYPES: Record<MitigationActionType, Kind> = {
  ADD_THINGS_TO_THING_GROUP: {
    title: "Add to thing groups",
    does: "The device joins groups, whose policies then apply to it: a quarantine, for example.",
    member: "addThingsToThingGroupParams",
  },
  UPDATE_DEVICE_CERTIFICATE: {
    title: "Switch off the device's certificates",
    does: "Its certificates become inactive. It is cut off and cannot connect until one is activated again.",
    member: "updateDeviceCertificateParams",
  },
  UPDATE_CA_CERTIFICATE: {
    title: "Switch off the authority's certificate",
    does: "The authority that signed its certificates becomes inactive: it can register no more devices.",
    member: "updateCACertificateParams",
  },
  REPLACE_DEFAULT_POLICY_VERSION: {
    title: "Blank its policies",
    does: "A version that allows nothing becomes the default. It concerns everything with the policy.",
    member: "replaceDefaultPolicyVersionParams",
  },
  ENABLE_IOT_LOGGING: {
    title: "Switch on logging",
    does: "The account's logging is switched on.",
    member: "enableIoTLoggingParams",
  },
  PUBLISH_FINDING_TO_SNS: {
    title: "Notify a topic",
    does: "Subscribers of a notification topic are told.",
    member: "publishFindingToSnsParams",
  },
};

export const ACTION_TYPE_NAMES = Object.keys(ACTION_TYPES) as MitigationActionType[];
export const LOG_LEVELS = ["ERROR", "WARN", "INFO", "DEBUG"] as const;
const GROUPS_MAX = 10;

/** What a form says, as AWS's `actionParams`. Throws an `Error` that says what is missing. */
export function readParams(
  type: MitigationActionType,
  field: (name: string) => string,
): MitigationAction["params"] {
  return { [ACTION_TYPES[type].member]: inner(type, field) };
}

function inner(type: MitigationActionType, field: (name: string) => string): Record<string, unknown> {
  switch (type) {
    case "UPDATE_DEVICE_CERTIFICATE":
    case "UPDATE_CA_CERTIFICATE":
      return { action: "DEACTIVATE" };
    case "ADD_THINGS_TO_THING_GROUP":
      return {
        thingGroupNames: groupsOf(field("groups")),
        overrideDynamicGroups: field("override") === "on",
      };
    case "REPLACE_DEFAULT_POLICY_VERSION":
      return { templateName: "BLANK_POLICY" };
    case "ENABLE_IOT_LOGGING":
      return { roleArnForLogging: field("logging_role"), logLevel: field("level") };
    case "PUBLISH_FINDING_TO_SNS":
      return { topicArn: field("topic") };
  }
}

function groupsOf(text: string): string[] {
  const groups = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
  if (groups.length === 0) throw new Error("Name at least one group.");
  if (groups.length > GROUPS_MAX) throw new Error(`A thing may be added to at most ${GROUPS_MAX} groups.`);
  return groups;
}

/** The parameters inside their member, whatever a tool may have stored. */
export function storedParams({ type, params }: Pick<MitigationAction, "type" | "params">) {
  const stored = params[ACTION_TYPES[type]?.member ?? ""];
  const values = typeof stored === "object" && stored !== null ? (stored as Record<string, unknown>) : {};
  const text = (name: string) => (typeof values[name] === "string" ? values[name] : "");
  const groups = Array.isArray(values.thingGroupNames) ? values.thingGroupNames.map(String) : [];
  return {
    groups,
    override: values.overrideDynamicGroups === true,
    loggingRole: text("roleArnForLogging"),
    level: text("logLevel"),
    topic: text("topicArn"),
  };
}

/** What an action does, in a few words. */
export function summaryOf(action: Pick<MitigationAction, "type" | "params">): string {
  const { groups, override, level, topic } = storedParams(action);
  switch (action.type) {
    case "ADD_THINGS_TO_THING_GROUP":
      return `${groups.join(", ")}${override ? ", leaving dynamic groups to make room" : ""}`;
    case "ENABLE_IOT_LOGGING":
      return `level ${level}`;
    case "PUBLISH_FINDING_TO_SNS":
      return topic;
    case "REPLACE_DEFAULT_POLICY_VERSION":
      return "by one that allows nothing";
    default:
      return "";
  }
}
