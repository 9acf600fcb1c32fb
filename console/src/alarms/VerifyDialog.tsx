// Asks what alarms turned out to be.
import type { Alarm, VerificationState } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { VERIFICATION_STATES } from "./filter";
import { nameOf, VERDICTS, verify } from "./verification";

const NOTE_MAX = 1000;

export function VerifyDialog({ alarms, onClose }: { alarms: Alarm[]; onClose: () => void }) {
  const [first] = alarms;
  const only = alarms.length === 1 ? first : undefined;
  return (
    <ActionDialog
      title={`Verify ${nameOf(alarms)}`}
      verb="Verify"
      onClose={onClose}
      act={(field) => verify(alarms, field("state") as VerificationState, field("note"))}
    >
      <fieldset className="choices">
        <legend className="label">What was it?</legend>
        {VERIFICATION_STATES.toSorted((a, b) => Number(a === "UNKNOWN") - Number(b === "UNKNOWN")).map(
          (state) => (
            <label key={state} className="choice">
              <input
                type="radio"
                name="state"
                value={state}
                required
                defaultChecked={only?.verification.state === state && state !== "UNKNOWN"}
              />
              <span>
                <b>{VERDICTS[state].text}</b>
                <span className="muted">{VERDICTS[state].means}</span>
              </span>
            </label>
          ),
        )}
      </fieldset>
      <div className="field">
        <label htmlFor="field-note">Note</label>
        <textarea
          className="input"
          id="field-note"
          name="note"
          rows={3}
          maxLength={NOTE_MAX}
          defaultValue={only?.verification.description ?? ""}
          aria-describedby="note-hint"
        />
        <p className="muted" id="note-hint">
          It is a label: it neither ends the alarm nor changes what raises the next.
        </p>
      </div>
    </ActionDialog>
  );
}
