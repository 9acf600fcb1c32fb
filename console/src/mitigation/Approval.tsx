// An administrator's approval of a plan, which is that it is started.
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { startTask } from "../api/mitigation";
import type { MitigationPlan, MitigationPlanRequest } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { useIsAdmin } from "../lib/role";
import { consequences, isWorthStarting, type PlanSummary, summarize } from "./plan";

type Props = { plan: MitigationPlan; request: MitigationPlanRequest };

export function Approval({ plan, request }: Props) {
  const [isAsked, setAsked] = useState(false);
  const isAdmin = useIsAdmin();
  const summary = summarize(plan);
  const isPossible = isWorthStarting(plan);
  return (
    <div className="panel-foot approval">
      <Summary summary={summary} />
      <span className="end">
        {isAdmin ? (
          <button
            type="button"
            className="button danger"
            disabled={!isPossible}
            onClick={() => setAsked(true)}
          >
            Approve and start …
          </button>
        ) : (
          <HandOver />
        )}
      </span>
      {isAsked ? <Ask summary={summary} request={request} onClose={() => setAsked(false)} /> : null}
    </div>
  );
}

/** People who may not start a plan send it to somebody who may. */
function HandOver() {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      setSaid("Copied.");
    } catch {
      setSaid("The browser does not allow copying; take the address bar's.");
    }
  };
  return (
    <>
      <span className="muted">
        Starting it needs the role admin: send an administrator this page's address.
      </span>{" "}
      <button type="button" className="button" onClick={() => void copy()}>
        Copy the address
      </button>{" "}
      <span role="status">{said}</span>
    </>
  );
}

function Summary({ summary }: { summary: PlanSummary }) {
  const cut = summary.certificates + summary.authorities;
  return (
    <ul className="counts number">
      <li className={summary.changes > 0 ? "strong" : ""}>{summary.changes} to change</li>
      {cut > 0 ? <li className="text-bad strong">{cut} of them go inactive</li> : null}
      {summary.messages > 0 ? <li>{summary.messages} to be told</li> : null}
      {summary.done > 0 ? <li>{summary.done} already so</li> : null}
      {summary.impossible > 0 ? <li className="text-bad">{summary.impossible} cannot be done</li> : null}
    </ul>
  );
}

type AskProps = { summary: PlanSummary; request: MitigationPlanRequest; onClose: () => void };

function Ask({ summary, request, onClose }: AskProps) {
  const navigate = useNavigate();
  const isCutting = summary.certificates + summary.authorities > 0;
  return (
    <ActionDialog
      title="Start this plan?"
      verb="Start"
      dangerous
      onClose={onClose}
      act={async (field) => {
        const note = field("note");
        const id = await startTask({ ...request, ...(note === "" ? {} : { note }) });
        await navigate({ to: "/mitigation/tasks/$id", params: { id } });
      }}
    >
      <ul className="stack">
        {consequences(summary).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {summary.impossible > 0 ? (
          <li>{summary.impossible} steps cannot be done and are reported as such.</li>
        ) : null}
      </ul>
      <p>Nothing is taken back by itself. What has changed since the plan was made is looked at again.</p>
      <div className="field">
        <label htmlFor="field-note">Why</label>
        <input className="input" id="field-note" name="note" maxLength={1000} autoComplete="off" />
      </div>
      {isCutting ? (
        <label className="choice">
          <input type="checkbox" name="approved" required />
          <span>
            <b>
              {summary.certificates + summary.authorities === 1
                ? "1 certificate goes inactive"
                : `${summary.certificates + summary.authorities} certificates go inactive`}
            </b>
            <span className="muted">I approve that these devices are cut off.</span>
          </span>
        </label>
      ) : null}
    </ActionDialog>
  );
}
