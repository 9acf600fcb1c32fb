// What a plan comes to: counted once, however many alarms ask for the same change.
import type { MitigationChange, MitigationPlan, MitigationPlanStep } from "../api/types.gen";

export type PlanSummary = {
  /** Device certificates that go inactive. */
  certificates: number;
  /** Authorities' certificates that go inactive. */
  authorities: number;
  /** All changes that are still to be made, messages not among them. */
  changes: number;
  /** Messages to topics: one for each alarm. */
  messages: number;
  /** Changes that stand as they shall already. */
  done: number;
  /** Steps that cannot be done. */
  impossible: number;
};

const AUTHORITY = "UpdateCACertificate";
const CERTIFICATE = "UpdateCertificate";
const MESSAGE = "Publish";

function isDeactivation(change: MitigationChange, operation: string): boolean {
  return change.operation === operation && /\bINACTIVE\b/i.test(change.after);
}

export function summarize(plan: MitigationPlan): PlanSummary {
  const all = plan.steps.flatMap((step) => step.changes);
  const changes = all.filter((change) => change.operation !== MESSAGE);
  const distinct = [...new Map(changes.map((change) => [keyOf(change), change])).values()];
  const open = distinct.filter((change) => !change.is_done);
  return {
    certificates: open.filter((change) => isDeactivation(change, CERTIFICATE)).length,
    authorities: open.filter((change) => isDeactivation(change, AUTHORITY)).length,
    changes: open.length,
    messages: all.length - changes.length,
    done: distinct.length - open.length,
    impossible: plan.steps.filter((step) => step.error !== null).length,
  };
}

export function keyOf({ operation, resource, after }: MitigationChange): string {
  return JSON.stringify([operation, resource, after]);
}

/** The steps of each device, in the order of the plan. */
export function byThing<T extends { thing: string | null }>(
  steps: T[],
): Array<{ thing: string; steps: T[] }> {
  const things = new Map<string, T[]>();
  for (const step of steps) {
    const thing = step.thing ?? "";
    const list = things.get(thing);
    if (list) list.push(step);
    else things.set(thing, [step]);
  }
  return [...things].map(([thing, list]) => ({ thing, steps: list }));
}

/** What is asked of who starts the plan. */
export function consequences(summary: PlanSummary): string[] {
  const { certificates, authorities, changes, messages } = summary;
  const others = changes - certificates - authorities;
  const said: string[] = [];
  if (certificates > 0) {
    said.push(
      `${some(certificates, "certificate goes", "certificates go")} inactive. What is connected by ${certificates === 1 ? "it" : "them"} is cut off within a second.`,
    );
  }
  if (authorities > 0) said.push(`${some(authorities, "authority goes", "authorities go")} inactive.`);
  if (others > 0) said.push(`${some(others, "other change is", "other changes are")} made.`);
  if (messages > 0) said.push(`${some(messages, "message is", "messages are")} published.`);
  if (changes === 0) said.push("Nothing else changes: it is done already, or cannot be done.");
  return said;
}

function some(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Whether a plan does anything at all, a notice to a topic included. */
export function isWorthStarting(plan: MitigationPlan): boolean {
  return plan.steps.some((step: MitigationPlanStep) => step.error === null);
}
