// From alarms to a plan: which alarms, which actions, what would change, and its approval.
import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { alarmQuery } from "../api/alarms";
import { actionsQuery, PLAN_ACTIONS_MAX, PLAN_ALARMS_MAX, planQuery } from "../api/mitigation";
import type { MitigationAction } from "../api/types.gen";
import { ThingLink } from "../components/RegistryLinks";
import { Empty, Failed, Loading } from "../components/StateViews";
import { useMayVerify } from "../lib/role";
import { Approval } from "../mitigation/Approval";
import { ACTION_TYPES, summaryOf } from "../mitigation/action-types";
import { PlanView } from "../mitigation/PlanView";

const route = getRouteApi("/mitigation/new");

export function names(list: string | undefined): string[] {
  return [...new Set((list ?? "").split(",").filter((name) => name !== ""))];
}

export function MitigationPlan() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayPlan = useMayVerify();
  const alarms = names(search.alarms).slice(0, PLAN_ALARMS_MAX);
  const actions = names(search.actions).slice(0, PLAN_ACTIONS_MAX);
  const set = (part: { alarms?: string[]; actions?: string[] }) =>
    void navigate({
      search: {
        alarms: (part.alarms ?? alarms).join(",") || undefined,
        actions: (part.actions ?? actions).join(",") || undefined,
      },
      replace: true,
    });
  if (!mayPlan) {
    return (
      <div className="page">
        <h1>Plan a mitigation</h1>
        <section className="panel">
          <Empty title="Planning needs the role analyst">
            <p>You are logged in as a viewer.</p>
          </Empty>
        </section>
      </div>
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1>Plan a mitigation</h1>
      </div>
      <div className="columns even">
        <AlarmPanel ids={alarms} remove={(id) => set({ alarms: alarms.filter((one) => one !== id) })} />
        <ActionPanel chosen={actions} choose={(next) => set({ actions: next })} />
      </div>
      {alarms.length > 0 ? <PlanPanel alarms={alarms} actions={actions} /> : null}
    </div>
  );
}

function AlarmPanel({ ids, remove }: { ids: string[]; remove: (id: string) => void }) {
  const answers = useQueries({
    queries: ids.map((id) => ({ ...alarmQuery(id), refetchInterval: false as const })),
  });
  return (
    <section className="panel" aria-labelledby="alarms">
      <div className="panel-head">
        <h2 id="alarms">Alarms</h2>
        <Link className="end" to="/alarms">
          Choose others
        </Link>
      </div>
      {ids.length === 0 ? (
        <Empty title="No alarm is chosen">
          <p>
            Choose some under <Link to="/alarms">Alarms</Link> and press “Mitigate”.
          </p>
        </Empty>
      ) : null}
      <ul className="ties">
        {ids.map((id, n) => {
          const alarm = answers[n]?.data?.alarm;
          const error = answers[n]?.error;
          return (
            <li key={id}>
              <span className="anywhere">
                {alarm ? (
                  <>
                    <ThingLink name={alarm.thing} />{" "}
                    <Link className="muted" to="/alarms/$id" params={{ id }}>
                      {alarm.behavior}
                    </Link>
                  </>
                ) : (
                  <span className="mono">{id}</span>
                )}
                {error ? <span className="text-bad"> {error.message}</span> : null}
              </span>
              <button
                type="button"
                className="button quiet"
                aria-label={`Leave out ${alarm ? `${alarm.behavior} of ${alarm.thing}` : id}`}
                onClick={() => remove(id)}
              >
                Leave out
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

type ActionPanelProps = { chosen: string[]; choose: (actions: string[]) => void };

function ActionPanel({ chosen, choose }: ActionPanelProps) {
  const { data, error, refetch } = useQuery(actionsQuery);
  const isFull = chosen.length >= PLAN_ACTIONS_MAX;
  const toggle = (name: string) =>
    choose(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <section className="panel" aria-labelledby="actions">
      <div className="panel-head">
        <h2 id="actions">Actions</h2>
        <span className="muted">in the order in which you choose them</span>
        <Link className="end" to="/mitigation" search={{ view: "actions" }}>
          All actions
        </Link>
      </div>
      {!data && error ? (
        <Failed what="The actions could not be loaded" error={error} retry={() => void refetch()} />
      ) : null}
      {!data && !error ? <Loading what="the actions" /> : null}
      {data && data.actions.length === 0 ? (
        <Empty title="There are no mitigation actions">
          <p>
            An administrator makes them under{" "}
            <Link to="/mitigation" search={{ view: "actions" }}>
              Mitigation
            </Link>
            .
          </p>
        </Empty>
      ) : null}
      <div className="panel-body stack">
        {data?.actions.map((action) => (
          <ActionChoice
            key={action.name}
            action={action}
            place={chosen.indexOf(action.name) + 1}
            isDisabled={isFull && !chosen.includes(action.name)}
            toggle={() => toggle(action.name)}
          />
        ))}
        {isFull ? <p className="muted">A plan takes at most {PLAN_ACTIONS_MAX} actions.</p> : null}
      </div>
    </section>
  );
}

type ChoiceProps = { action: MitigationAction; place: number; isDisabled: boolean; toggle: () => void };

function ActionChoice({ action, place, isDisabled, toggle }: ChoiceProps) {
  return (
    <label className="choice">
      <input type="checkbox" checked={place > 0} disabled={isDisabled} onChange={toggle} />
      <span>
        <b>
          {action.name}
          {place > 0 ? <span className="badge">{place}.</span> : null}
        </b>
        <span className="muted anywhere">
          {ACTION_TYPES[action.type]?.title ?? action.type} {summaryOf(action)}
        </span>
      </span>
    </label>
  );
}

function PlanPanel({ alarms, actions }: { alarms: string[]; actions: string[] }) {
  const request = { violation_ids: alarms, actions };
  const { data, error, isFetching, refetch } = useQuery({
    ...planQuery(request),
    enabled: actions.length > 0,
  });
  return (
    <section className="panel" aria-labelledby="plan" aria-busy={isFetching}>
      <div className="panel-head">
        <h2 id="plan">Plan</h2>
        <span className="muted">a dry run: nothing has changed yet</span>
        {actions.length > 0 ? (
          <button type="button" className="button quiet end" onClick={() => void refetch()}>
            Look again
          </button>
        ) : null}
      </div>
      {actions.length === 0 ? <Empty title="Choose an action to see what it would do" /> : null}
      {actions.length > 0 && !data && error ? (
        <Failed what="The plan could not be made" error={error} retry={() => void refetch()} />
      ) : null}
      {actions.length > 0 && !data && !error ? <Loading what="the plan" /> : null}
      {actions.length > 0 && data ? (
        <>
          <PlanView plan={data} />
          <Approval plan={data} request={request} />
        </>
      ) : null}
    </section>
  );
}
