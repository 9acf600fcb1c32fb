import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { overviewQuery } from "../api/queries";
import type { Overview as OverviewData, Stage } from "../api/types.gen";
import { AlarmItem } from "../components/AlarmItem";
import { Sparkline } from "../components/Sparkline";
import { StageCard } from "../components/StageCard";
import { Empty, Failed, Loading, Stale } from "../components/StateViews";
import { count, lag, rate } from "../lib/format";

export function Overview() {
  const { data, error, refetch } = useQuery(overviewQuery);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Overview</h1>
      </div>
      {data ? <Stale error={error} /> : null}
      {data ? (
        <Content data={data} />
      ) : error ? (
        <Failed what="The overview could not be loaded" error={error} retry={() => void refetch()} />
      ) : (
        <Loading what="the overview" />
      )}
    </div>
  );
}

function Content({ data }: { data: OverviewData }) {
  const worst = slowest(data.stages);
  return (
    <>
      <section className="figures" aria-label="Figures">
        <div className="panel figure">
          <span className="label">Active alarms</span>
          <span className={`value number ${data.active_alarms > 0 ? "bad" : ""}`}>
            {count(data.active_alarms)}
          </span>
          <Sparkline
            values={data.trend.active_alarms}
            label="Active alarms over the last ten minutes"
            tone="bad"
          />
          <Link className="sub" to="/alarms">
            See all alarms
          </Link>
        </div>
        <div className="panel figure">
          <span className="label">Reports per second</span>
          <span className="value number">{rate(data.reports_per_second)}</span>
          <Sparkline
            values={data.trend.reports_per_second}
            label="Reports per second over the last ten minutes"
          />
          <span className="sub">average of ten seconds</span>
        </div>
        <div className="panel figure">
          <span className="label">Things</span>
          <span className="value number">{count(data.things)}</span>
          <Link className="sub" to="/things" search={{}}>
            See all things
          </Link>
        </div>
        <div className="panel figure">
          <span className="label">Largest lag</span>
          <span className="value number">{worst ? lag(worst.seconds) : "–"}</span>
          <span className="sub">{worst ? `before ${worst.stage}` : "no stage keeps a log yet"}</span>
        </div>
      </section>
      <section className="panel" aria-labelledby="line">
        <div className="panel-head">
          <h2 id="line">The line, stage by stage</h2>
          <span className="end muted">pace over ten seconds, counts since the start</span>
        </div>
        {data.stages.length === 0 ? (
          <Empty title="No stage has reported yet" />
        ) : (
          <ol className="stages">
            {data.stages.map((stage) => (
              <StageCard key={stage.ledger.stage} stage={stage} />
            ))}
          </ol>
        )}
      </section>
      <section className="panel" aria-labelledby="newest">
        <div className="panel-head">
          <h2 id="newest">Newest alarms</h2>
          <Link className="end" to="/alarms">
            All alarms
          </Link>
        </div>
        {data.newest_alarms.length === 0 ? (
          <Empty title="No device is in alarm">
            <p>An alarm shows here within seconds of a device leaving its expected behavior.</p>
          </Empty>
        ) : (
          <ul>
            {data.newest_alarms.map((alarm) => (
              <AlarmItem key={alarm.id} alarm={alarm} now={data.now_ms} />
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function slowest(stages: Stage[]): { stage: string; seconds: number } | null {
  const known = stages.flatMap((stage) =>
    stage.lag_seconds === null ? [] : [{ stage: stage.ledger.stage, seconds: stage.lag_seconds }],
  );
  return known.reduce<{ stage: string; seconds: number } | null>(
    (worst, one) => (worst && worst.seconds >= one.seconds ? worst : one),
    null,
  );
}
