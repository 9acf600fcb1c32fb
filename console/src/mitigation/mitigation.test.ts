import { describe, expect, test } from "vitest";
import type { MitigationActionType, MitigationChange, MitigationPlanStep } from "../api/types.gen";
import { ACTION_TYPE_NAMES, readParams, storedParams, summaryOf } from "./action-types";
import { byThing, consequences, isWorthStarting, summarize } from "./plan";

const form = (values: Record<string, string>) => (name: string) => values[name] ?? "";

describe("an action's form", () => {
  test("becomes AWS's parameters, one member for each type", () => {
    const values = form({ groups: "a, b a", override: "on", logging_role: "r", level: "WARN", topic: "t" });
    const made = Object.fromEntries(ACTION_TYPE_NAMES.map((type) => [type, readParams(type, values)]));
    expect(made).toEqual({
      ADD_THINGS_TO_THING_GROUP: {
        addThingsToThingGroupParams: { thingGroupNames: ["a", "b"], overrideDynamicGroups: true },
      },
      UPDATE_DEVICE_CERTIFICATE: { updateDeviceCertificateParams: { action: "DEACTIVATE" } },
      UPDATE_CA_CERTIFICATE: { updateCACertificateParams: { action: "DEACTIVATE" } },
      REPLACE_DEFAULT_POLICY_VERSION: { replaceDefaultPolicyVersionParams: { templateName: "BLANK_POLICY" } },
      ENABLE_IOT_LOGGING: { enableIoTLoggingParams: { roleArnForLogging: "r", logLevel: "WARN" } },
      PUBLISH_FINDING_TO_SNS: { publishFindingToSnsParams: { topicArn: "t" } },
    });
  });

  test("reads what it wrote, and what others may have stored", () => {
    const params = readParams("ADD_THINGS_TO_THING_GROUP", form({ groups: "a b" }));
    const action = { type: "ADD_THINGS_TO_THING_GROUP" as const, params };
    expect(storedParams(action)).toMatchObject({ groups: ["a", "b"], override: false });
    expect(summaryOf(action)).toBe("a, b");
    expect(storedParams({ ...action, params: {} }).groups).toEqual([]);
    expect(summaryOf({ type: "NEW_ONE" as MitigationActionType, params: { x: 1 } })).toBe("");
  });

  test("names one to ten groups", () => {
    const groups = (text: string) => () => readParams("ADD_THINGS_TO_THING_GROUP", form({ groups: text }));
    expect(groups(" , ")).toThrow("at least one group");
    expect(groups("a b c d e f g h i j k")).toThrow("at most 10");
  });
});

const change = (operation: string, resource: string, after: string, is_done = false): MitigationChange => ({
  operation,
  resource,
  before: "x",
  after,
  is_done,
});
const step = (
  thing: string,
  changes: MitigationChange[],
  error: string | null = null,
): MitigationPlanStep => ({
  violation_id: thing,
  thing,
  action: "a",
  type: "UPDATE_DEVICE_CERTIFICATE",
  changes,
  error,
});

describe("a plan", () => {
  const off = change("UpdateCertificate", "certificate 1", "INACTIVE");

  test("counts each change once, however many alarms ask for it", () => {
    const steps = [
      step("p", [off]),
      step("p", [off]),
      step("q", [change("UpdateCertificate", "certificate 2", "INACTIVE", true)]),
      step("q", [
        change("UpdateCACertificate", "authority 1", "INACTIVE"),
        change("AddThingToThingGroup", "q", "in g"),
      ]),
      step("r", [], "the thing r is not registered"),
    ];
    const summary = summarize({ steps });
    expect(summary).toEqual({
      certificates: 1,
      authorities: 1,
      changes: 3,
      messages: 0,
      done: 1,
      impossible: 1,
    });
    expect(consequences(summary)).toEqual([
      "1 certificate goes inactive. What is connected by it is cut off within a second.",
      "1 authority goes inactive.",
      "1 other change is made.",
    ]);
  });

  test("may change nothing, and is not worth starting where nothing can be done", () => {
    const hopeless = { steps: [step("r", [], "not registered")] };
    expect(consequences(summarize(hopeless))[0]).toMatch(/^Nothing else changes/);
    expect(isWorthStarting(hopeless)).toBe(false);
    // A notice to a topic changes nothing either.
    expect(isWorthStarting({ steps: [step("r", [])] })).toBe(true);
  });

  test("sends a message for each alarm, of the same topic too", () => {
    const message = change("Publish", "topic ops", "the violation as a message");
    const summary = summarize({ steps: [step("p", [message]), step("q", [message])] });
    expect(summary).toMatchObject({ changes: 0, messages: 2, done: 0 });
    expect(consequences(summary)[0]).toBe("2 messages are published.");
  });

  test("is shown by device, in its own order", () => {
    const steps = [step("b", []), step("a", []), step("b", [off])];
    expect(byThing(steps).map(({ thing, steps }) => [thing, steps.length])).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
  });
});
