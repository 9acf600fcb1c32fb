import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { alarmsQuery } from "../api/queries";
import { AlarmItem } from "../components/AlarmItem";
import { Segments } from "../components/Segments";
import { Empty, Failed, Loading, Stale } from "../components/StateViews";

const route = getRouteApi("/alarms");

const STATES = [
  { value: "active", text: "Active" },
  { value: "cleared", text: "Cleared" },
  { value: "all", text: "All" },
] as const;

export function Alarms() {
  const { state = "active", thing = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error, refetch, dataUpdatedAt } = useQuery(
    alarmsQuery({ state, thing: thing || undefined, limit: 200 }),
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1>Alarms</h1>
        <Segments
          label="Which alarms"
          options={STATES}
          value={state}
          onChange={(value) => void navigate({ search: (old) => ({ ...old, state: value }) })}
        />
        <div className="end">
          <input
            className="input"
            style={{ width: 230 }}
            type="search"
            placeholder="Name of a thing"
            aria-label="Only alarms of the thing with this name"
            defaultValue={thing}
            onChange={(event) =>
              void navigate({
                search: (old) => ({ ...old, thing: event.target.value || undefined }),
                replace: true,
              })
            }
          />
        </div>
      </div>
      {data ? <Stale error={error} /> : null}
      <section className="panel" aria-label="List of alarms">
        {!data && error ? (
          <Failed what="The alarms could not be loaded" error={error} retry={() => void refetch()} />
        ) : null}
        {!data && !error ? <Loading what="the alarms" /> : null}
        {data && data.alarms.length === 0 ? <NoAlarms state={state} thing={thing} /> : null}
        {data ? (
          <ul>
            {data.alarms.map((alarm) => (
              <AlarmItem key={`${alarm.id}-${alarm.state}`} alarm={alarm} now={dataUpdatedAt} />
            ))}
          </ul>
        ) : null}
      </section>
      {data?.truncated ? (
        <p className="muted">
          Only the newest {data.alarms.length} are shown. Narrow the list by the name of a thing.
        </p>
      ) : null}
    </div>
  );
}

function NoAlarms({ state, thing }: { state: string; thing: string }) {
  const whose = thing === "" ? "" : ` of ${thing}`;
  if (state === "active") {
    return (
      <Empty title={thing === "" ? "No device is in alarm" : `Nothing${whose} is in alarm`}>
        <p>Past alarms are under “Cleared”.</p>
      </Empty>
    );
  }
  return <Empty title={`No alarms${whose} in the last seven days`} />;
}
