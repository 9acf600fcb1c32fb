import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { PLAN_ALARMS_MAX } from "../api/mitigation";
import { sessionQuery, thingQuery } from "../api/queries";
import type { Thing as ThingData } from "../api/types.gen";
import { AlarmItem } from "../components/AlarmItem";
import { Icon } from "../components/Icon";
import { NotLoaded } from "../components/NotLoaded";
import { Stale } from "../components/StateViews";
import { ThingActions } from "../components/ThingActions";
import { ThingCharts } from "../components/ThingCharts";
import { ThingFacts } from "../components/ThingFacts";
import { duration } from "../lib/format";
import { useMayVerify } from "../lib/role";

const route = getRouteApi("/things/$name");

export function Thing() {
  const { name } = route.useParams();
  const { data, error, refetch, dataUpdatedAt } = useQuery(thingQuery(name));
  const { data: session } = useQuery(sessionQuery);
  if (!data) {
    return (
      <NotLoaded
        title={name}
        what="the thing"
        error={error}
        retry={() => void refetch()}
        gone={{
          title: "There is no thing of this name",
          children: (
            <>
              It may have been deleted.{" "}
              <Link to="/things" search={{}}>
                All things
              </Link>
            </>
          ),
        }}
      />
    );
  }
  return (
    <div className="page">
      <div className="page-head">
        <h1 style={{ overflowWrap: "anywhere" }}>{data.name}</h1>
        {data.alarms.length > 0 ? (
          <span className="badge bad">{data.alarms.length} in alarm</span>
        ) : (
          <span className="badge good">No alarm</span>
        )}
        <Presence thing={data} now={dataUpdatedAt} />
        {data.registered ? null : <span className="badge warn">Not in the registry</span>}
        <div className="end">
          {session && session.role !== "viewer" ? (
            <Link
              className="button"
              to="/search"
              search={{ q: data.events.spl, earliest: data.events.earliest, latest: data.events.latest }}
            >
              <Icon name="search" />
              Its events
            </Link>
          ) : null}
          {session?.role === "admin" && data.registered ? <ThingActions thing={data} /> : null}
        </div>
      </div>
      <Stale error={error} />
      {data.alarms.length > 0 ? <ActiveAlarms thing={data} now={dataUpdatedAt} /> : null}
      <ThingCharts name={name} maySearch={session !== null && session?.role !== "viewer"} />
      <ThingFacts thing={data} now={dataUpdatedAt} />
    </div>
  );
}

/** Whether somebody is connected as the thing, and since when. */
function Presence({ thing, now }: { thing: ThingData; now: number }) {
  const connected = thing.connections.find((one) => one.is_connected);
  if (!connected) return <span className="badge">Not connected</span>;
  return <span className="badge good">Connected for {duration(now - connected.since_ms)}</span>;
}

function ActiveAlarms({ thing, now }: { thing: ThingData; now: number }) {
  const mayPlan = useMayVerify();
  return (
    <section className="panel" aria-labelledby="alarms">
      <div className="panel-head">
        <h2 id="alarms">Active alarms</h2>
        {mayPlan && thing.alarms.length <= PLAN_ALARMS_MAX ? (
          <Link to="/mitigation/new" search={{ alarms: thing.alarms.map((alarm) => alarm.id).join(",") }}>
            Mitigate …
          </Link>
        ) : null}
        <Link className="end" to="/alarms" search={{ state: "all", thing: thing.name }}>
          All its alarms
        </Link>
      </div>
      <ul>
        {thing.alarms.map((alarm) => (
          <AlarmItem key={alarm.id} alarm={alarm} now={now} thingLink={false} />
        ))}
      </ul>
    </section>
  );
}
