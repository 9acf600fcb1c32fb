// What an alarm can be found to be, and saying so with a way back.
import { putVerifications } from "../api/alarms";
import type { Alarm, VerificationState } from "../api/types.gen";
import { sayDone } from "../lib/undo";

export const VERDICTS: Record<VerificationState, { text: string; tone: string; means: string }> = {
  UNKNOWN: { text: "Not verified", tone: "", means: "Nobody has found out yet." },
  TRUE_POSITIVE: {
    text: "True positive",
    tone: "bad",
    means: "The device did it and should not have: it was attacked or is broken.",
  },
  BENIGN_POSITIVE: { text: "Benign positive", tone: "good", means: "The device did it, and it may." },
  FALSE_POSITIVE: { text: "False positive", tone: "warn", means: "The device did not do it." },
};

type Concerned = Pick<Alarm, "id" | "thing" | "behavior" | "verification">;

/** The verifications as they are, to put them back. */
export function former(alarms: readonly Concerned[]) {
  return alarms.map(({ id, verification: { state, description } }) => ({
    id,
    state,
    ...(description === null ? {} : { description }),
  }));
}

/** `the alarm of pump-1`, `12 alarms`. */
export function nameOf(alarms: readonly Concerned[]): string {
  const [one] = alarms;
  return alarms.length === 1 && one ? `the alarm ${one.behavior} of ${one.thing}` : `${alarms.length} alarms`;
}

/** Verifies alarms and offers to undo it. Throws if it worked for none. */
export async function verify(
  alarms: readonly Concerned[],
  state: VerificationState,
  note: string,
): Promise<void> {
  const changes = alarms.map(({ id }) => ({ id, state, ...(note === "" ? {} : { description: note }) }));
  const failed = await putVerifications(changes);
  const reasons = [...new Set(failed.map((one) => one.error))].slice(0, 3).join("; ");
  if (failed.length === alarms.length) throw new Error(reasons);
  const lost = new Set(failed.map((one) => one.id));
  const done = alarms.filter((alarm) => !lost.has(alarm.id));
  const problem = failed.length === 0 ? "" : ` ${failed.length} could not be: ${reasons}`;
  sayDone(`${sentence(nameOf(done))} verified: ${VERDICTS[state].text}.${problem}`, async () => {
    const stuck = await putVerifications(former(done));
    if (stuck.length > 0) throw new Error(`${stuck.length} could not be put back: ${stuck[0]?.error}`);
  });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
