// All alarms: what is wrong now and what was, to be verified and mitigated.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { AlarmList } from "../alarms/AlarmList";
import { Filters } from "../alarms/Filters";
import { type AlarmSearch, isNarrowed } from "../alarms/filter";
import { concerned, toggled } from "../alarms/selection";
import { VerifyDialog } from "../alarms/VerifyDialog";
import { alarmsQuery } from "../api/alarms";
import { PLAN_ALARMS_MAX } from "../api/mitigation";
import type { Alarm } from "../api/types.gen";
import { Key } from "../components/Key";
import { Segments } from "../components/Segments";
import { Empty, Failed, Loading, Stale } from "../components/StateViews";
import { count } from "../lib/format";
import { useMayVerify } from "../lib/role";
import { useShortcuts } from "../lib/shortcuts";

const route = getRouteApi("/alarms");

const STATES = [
  { value: "active", text: "Active" },
  { value: "cleared", text: "History" },
  { value: "all", text: "All" },
] as const;

export function Alarms() {
  const search = route.useSearch();
  const filter = { ...search, state: search.state ?? "active" };
  const navigate = route.useNavigate();
  const { data, error, refetch, dataUpdatedAt } = useQuery(alarmsQuery(filter));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Alarms</h1>
        <Segments
          label="Which alarms"
          options={STATES}
          value={filter.state}
          onChange={(state) => void navigate({ search: (old) => ({ ...old, state }) })}
        />
        {data && filter.state === "active" ? (
          <span className="muted number">{count(data.active)} active</span>
        ) : null}
      </div>
      <Filters
        filter={filter}
        onChange={(next) => void navigate({ search: { ...next, state: search.state }, replace: true })}
      />
      {data ? <Stale error={error} /> : null}
      <section className="panel" aria-label="List of alarms">
        {!data && error ? (
          <Failed what="The alarms could not be loaded" error={error} retry={() => void refetch()} />
        ) : null}
        {!data && !error ? <Loading what="the alarms" /> : null}
        {data && data.alarms.length === 0 ? <NoAlarms filter={filter} /> : null}
        {data && data.alarms.length > 0 ? <Work alarms={data.alarms} now={dataUpdatedAt} /> : null}
      </section>
      {data?.truncated ? (
        <p className="muted">
          Only the newest {count(data.alarms.length)} are shown. The filters narrow them.
        </p>
      ) : null}
    </div>
  );
}

function NoAlarms({ filter }: { filter: AlarmSearch }) {
  const fitting = isNarrowed(filter) ? " that fits the filters" : "";
  if (filter.state === "active") {
    return (
      <Empty title={fitting ? `No alarm${fitting} is active` : "No device is in alarm"}>
        <p>Past alarms are under “History”.</p>
      </Empty>
    );
  }
  return (
    <Empty title={`No alarms${fitting} in this time`}>
      <p>An alarm is kept for 30 days after its end.</p>
    </Empty>
  );
}

/** The list with what can be done: choosing, verifying, mitigating. */
function Work({ alarms: raw, now }: { alarms: Alarm[]; now: number }) {
  // An alarm that ended between two of the server's reads would be there twice.
  const alarms = useMemo(() => [...new Map(raw.map((alarm) => [alarm.id, alarm])).values()], [raw]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState<string | null>(null);
  const [verifying, setVerifying] = useState<Alarm[] | null>(null);
  const mayVerify = useMayVerify();
  const navigate = useNavigate();
  const picked = alarms.filter((alarm) => chosen.has(alarm.id));
  const mitigate = (about: Alarm[]) => {
    if (about.length === 0 || about.length > PLAN_ALARMS_MAX) return;
    void navigate({ to: "/mitigation/new", search: { alarms: about.map((alarm) => alarm.id).join(",") } });
  };
  useShortcuts((keys) => {
    if (!mayVerify) return;
    const about = concerned(alarms, chosen, cursor);
    if (keys === "v" && about.length > 0) setVerifying(about);
    if (keys === "m") mitigate(about);
    if (keys === "Escape") setChosen(new Set());
  });
  return (
    <>
      {mayVerify ? (
        <Bar
          all={alarms}
          picked={picked}
          choose={setChosen}
          verify={() => setVerifying(picked)}
          mitigate={() => mitigate(picked)}
        />
      ) : (
        <p className="muted panel-body">Verifying and mitigating alarms need the role analyst.</p>
      )}
      <AlarmList
        alarms={alarms}
        now={now}
        chosen={chosen}
        cursor={cursor}
        setCursor={setCursor}
        choose={mayVerify ? (id) => setChosen(toggled(chosen, id)) : undefined}
      />
      {verifying ? (
        <VerifyDialog
          alarms={verifying}
          onClose={() => {
            setVerifying(null);
          }}
        />
      ) : null}
    </>
  );
}

type BarProps = {
  all: Alarm[];
  picked: Alarm[];
  choose: (ids: ReadonlySet<string>) => void;
  verify: () => void;
  mitigate: () => void;
};

function Bar({ all, picked, choose, verify, mitigate }: BarProps) {
  const box = useRef<HTMLInputElement>(null);
  const some = picked.length > 0;
  const tooMany = picked.length > PLAN_ALARMS_MAX;
  useEffect(() => {
    if (box.current) box.current.indeterminate = some && picked.length < all.length;
  });
  return (
    <div className="panel-head wrap bulk">
      <label className="pick-all">
        <input
          ref={box}
          type="checkbox"
          checked={some && picked.length === all.length}
          onChange={() => choose(some ? new Set() : new Set(all.map((alarm) => alarm.id)))}
        />
        <span>{some ? "Select none" : `Select all ${count(all.length)}`}</span>
      </label>
      <span className="number muted" role="status">
        {some ? `${count(picked.length)} selected` : ""}
      </span>
      <span className="end">
        {tooMany ? (
          <span className="muted" id="too-many">
            A plan takes at most {PLAN_ALARMS_MAX} alarms.
          </span>
        ) : null}
        <button type="button" className="button" disabled={!some} onClick={verify}>
          Verify … <Key name="v" />
        </button>
        <button
          type="button"
          className="button"
          disabled={!some || tooMany}
          aria-describedby={tooMany ? "too-many" : undefined}
          onClick={mitigate}
        >
          Mitigate … <Key name="m" />
        </button>
      </span>
    </div>
  );
}
