// How an alarm stands, in a few words.
import type { Alarm, VerificationState } from "../api/types.gen";
import { VERDICTS } from "./verification";

const STATES: Record<Alarm["state"], { text: string; tone: string }> = {
  active: { text: "In alarm", tone: "bad" },
  cleared: { text: "Cleared", tone: "good" },
  invalidated: { text: "Invalidated", tone: "" },
};

export function StateBadge({ state }: { state: Alarm["state"] }) {
  return <span className={`badge ${STATES[state].tone}`}>{STATES[state].text}</span>;
}

export function VerdictBadge({ state }: { state: VerificationState }) {
  return <span className={`badge outline ${VERDICTS[state].tone}`}>{VERDICTS[state].text}</span>;
}

/** Said of alarms that notify nobody, and of those that compare with what was learned. */
export function KindBadges({ alarm }: { alarm: Pick<Alarm, "suppressed" | "criteria"> }) {
  return (
    <>
      {alarm.suppressed ? (
        <span className="badge outline" title="Its behavior mutes notifications">
          Muted
        </span>
      ) : null}
      {alarm.criteria === "STATISTICAL" ? (
        <span className="badge outline" title="Compared with a percentile of the fleet">
          Statistical
        </span>
      ) : null}
      {alarm.criteria === "MACHINE_LEARNING" ? (
        <span className="badge outline" title="Compared with a learned model">
          Learned
        </span>
      ) : null}
    </>
  );
}
