// A plan, device by device: what would change, what is so already, what cannot be done and why.
import type { MitigationPlan, MitigationPlanStep } from "../api/types.gen";
import { ThingLink } from "../components/RegistryLinks";
import { Empty } from "../components/StateViews";
import { ACTION_TYPES } from "./action-types";
import { Changes } from "./Changes";
import { byThing } from "./plan";

export function PlanView({ plan }: { plan: MitigationPlan }) {
  if (plan.steps.length === 0) return <Empty title="The plan has no steps" />;
  return (
    <ul className="plan">
      {byThing(plan.steps).map(({ thing, steps }) => (
        <li key={thing}>
          <h3>
            <ThingLink name={thing} />
          </h3>
          <ol>
            {steps.map((step) => (
              <Step key={`${step.violation_id} ${step.action}`} step={step} />
            ))}
          </ol>
        </li>
      ))}
    </ul>
  );
}

function Step({ step }: { step: MitigationPlanStep }) {
  return (
    <li className="step">
      <div className="head">
        <b>{step.action}</b>
        <span className="muted">{ACTION_TYPES[step.type]?.title ?? step.type}</span>
        {step.error === null ? null : <span className="badge bad">cannot be done</span>}
      </div>
      {step.error === null ? null : <p className="text-bad anywhere">{step.error}</p>}
      {step.changes.length > 0 ? <Changes changes={step.changes} did={false} /> : null}
      {step.error === null && step.changes.length === 0 ? (
        <p className="muted">It changes nothing in the registry.</p>
      ) : null}
    </li>
  );
}
