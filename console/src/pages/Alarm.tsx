// One alarm: what was expected, what came, what happened since, and what it turned out to be.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { since } from "../alarms/AlarmRow";
import { KindBadges, StateBadge, VerdictBadge } from "../alarms/Badges";
import { DatapointPanel } from "../alarms/DatapointPanel";
import { DefinitionPanel, EventPanel } from "../alarms/panels";
import { VerifyDialog } from "../alarms/VerifyDialog";
import { VERDICTS } from "../alarms/verification";
import { alarmQuery } from "../api/alarms";
import type { AlarmDetail, Alarm as AlarmFacts, AlarmMitigation } from "../api/types.gen";
import { AlarmChartLink } from "../components/AlarmChartLink";
import { Icon } from "../components/Icon";
import { NotLoaded } from "../components/NotLoaded";
import { ThingLink } from "../components/RegistryLinks";
import { Empty, Stale } from "../components/StateViews";
import { dateTime } from "../lib/format";
import { useMayVerify } from "../lib/role";
import { useShortcuts } from "../lib/shortcuts";
import { RunStatus } from "../mitigation/status";

const route = getRouteApi("/alarms/$id");

export function Alarm() {
  const { id } = route.useParams();
  const { data, error, refetch, dataUpdatedAt } = useQuery(alarmQuery(id));
  if (data) return <Content detail={data} error={error} now={dataUpdatedAt} />;
  return (
    <NotLoaded
      title="Alarm"
      what="the alarm"
      error={error}
      retry={() => void refetch()}
      gone={{
        title: "There is no such alarm",
        children: (
          <>
            Alarms are kept for 30 days after their end. <Link to="/alarms">All alarms</Link>
          </>
        ),
      }}
    />
  );
}

function Content({ detail, error, now }: { detail: AlarmDetail; error: Error | null; now: number }) {
  const { alarm, events, mitigations } = detail;
  return (
    <div className="page">
      <div className="page-head">
        <h1 className="anywhere">{alarm.behavior}</h1>
        <StateBadge state={alarm.state} />
        <KindBadges alarm={alarm} />
        <Actions alarm={alarm} />
      </div>
      <Stale error={error} />
      <section className="panel" aria-label="What happened">
        <p className="panel-body lead anywhere">{alarm.explanation}</p>
        <dl className="facts panel-body ruled">
          <dt>Device</dt>
          <dd>
            <ThingLink name={alarm.thing} />
          </dd>
          <dt>Profile</dt>
          <dd>{alarm.profile}</dd>
          <dt>Since</dt>
          <dd className="number">
            {dateTime(alarm.started_ms)} <span className="muted">{since(alarm, now)}</span>
          </dd>
          <dt>Last violation</dt>
          <dd className="number">{dateTime(alarm.last_violation_ms)}</dd>
          <dt>Id</dt>
          <dd className="mono">{alarm.id}</dd>
        </dl>
      </section>
      <DatapointPanel alarm={alarm} />
      <div className="columns">
        <div className="stack">
          <EventPanel events={events} alarm={alarm} />
          <DefinitionPanel alarm={alarm} />
        </div>
        <div className="stack">
          <VerificationPanel alarm={alarm} />
          <MitigationPanel mitigations={mitigations} />
        </div>
      </div>
    </div>
  );
}

function Actions({ alarm }: { alarm: AlarmFacts }) {
  const [isVerifying, setVerifying] = useState(false);
  const mayVerify = useMayVerify();
  const navigate = useNavigate();
  useShortcuts((keys) => {
    if (!mayVerify) return;
    if (keys === "v") setVerifying(true);
    if (keys === "m") void navigate({ to: "/mitigation/new", search: { alarms: alarm.id } });
  });
  if (!mayVerify) {
    return <span className="end muted">Verifying and mitigating need the role analyst.</span>;
  }
  return (
    <div className="end">
      <AlarmChartLink className="button" alarm={alarm} />
      <Link
        className="button"
        to="/search"
        search={{ q: alarm.evidence.spl, earliest: alarm.evidence.earliest, latest: alarm.evidence.latest }}
      >
        <Icon name="search" />
        Show evidence
      </Link>
      <Link className="button" to="/mitigation/new" search={{ alarms: alarm.id }}>
        Mitigate …
      </Link>
      <button type="button" className="button primary" onClick={() => setVerifying(true)}>
        Verify …
      </button>
      {isVerifying ? <VerifyDialog alarms={[alarm]} onClose={() => setVerifying(false)} /> : null}
    </div>
  );
}

/** What was done about it, action by action. */
function MitigationPanel({ mitigations }: { mitigations: AlarmMitigation[] }) {
  return (
    <section className="panel" aria-labelledby="mitigations">
      <div className="panel-head">
        <h2 id="mitigations">Mitigation</h2>
      </div>
      {mitigations.length === 0 ? <Empty title="Nothing was done about it yet" /> : null}
      <ul className="ties">
        {mitigations.map((one) => (
          <li key={`${one.task_id} ${one.action}`}>
            <RunStatus status={one.status} />
            <Link to="/mitigation/tasks/$id" params={{ id: one.task_id }}>
              {one.action}
            </Link>
            {one.message ? <span className="muted">{one.message}</span> : null}
            <span className="muted number">{one.started_ms === null ? "" : dateTime(one.started_ms)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function VerificationPanel({ alarm }: { alarm: AlarmFacts }) {
  const { state, description, by, at_ms } = alarm.verification;
  return (
    <section className="panel" aria-labelledby="verification">
      <div className="panel-head">
        <h2 id="verification">Verification</h2>
      </div>
      <dl className="facts panel-body">
        <dt>It was</dt>
        <dd>
          <VerdictBadge state={state} /> <span className="muted">{VERDICTS[state].means}</span>
        </dd>
        {description ? (
          <>
            <dt>Note</dt>
            <dd className="note">{description}</dd>
          </>
        ) : null}
        {by ? (
          <>
            <dt>By</dt>
            <dd>
              {by} {at_ms === null ? null : <span className="muted number">{dateTime(at_ms)}</span>}
            </dd>
          </>
        ) : null}
      </dl>
    </section>
  );
}
