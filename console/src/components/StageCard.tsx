// One stage of the line.
import type { Stage } from "../api/types.gen";
import { count, lag, rate } from "../lib/format";

const TITLES: Record<string, string> = {
  gateway: "Gateway",
  broker: "Broker",
  reports: "Reports",
  detect: "Detect",
  export: "Export",
  rules: "Rules",
  delivery: "Delivery",
  hec: "Collector",
  "alarm-news": "Alarm news",
  notify: "Notify",
  index: "Index",
};

export function StageCard({ stage }: { stage: Stage }) {
  const { ledger } = stage;
  const dropped = Object.entries(ledger.dropped).filter(([, items]) => items > 0);
  const droppedTotal = dropped.reduce((sum, [, items]) => sum + items, 0);
  const behind = stage.lag_seconds !== null && stage.lag_seconds > 5;
  const state = behind || stage.dropped_per_second > 0 ? "warn" : stage.received_per_second > 0 ? "" : "idle";
  const said = { warn: "needs a look", idle: "idle", "": "running" }[state];
  const reasons = dropped.map(([reason, items]) => `${reason}: ${count(items)}`).join(", ");
  return (
    <li className="stage">
      <span className="name">
        <span className={`dot ${state}`} title={said} />
        {TITLES[ledger.stage] ?? ledger.stage}
        <span className="visually-hidden">({said})</span>
      </span>
      <span className="rate number">
        {rate(stage.received_per_second)} <small>/s in</small>
      </span>
      <dl className="number">
        <dt>out /s</dt>
        <dd>{rate(stage.delivered_per_second)}</dd>
        <dt>{stage.backlog === null ? "in flight" : "waiting"}</dt>
        <dd>{count(stage.backlog ?? ledger.in_flight)}</dd>
        <dt>lag</dt>
        <dd className={behind ? "warn" : ""}>{stage.lag_seconds === null ? "–" : lag(stage.lag_seconds)}</dd>
        <dt>dropped</dt>
        <dd className={droppedTotal > 0 ? "warn" : ""} title={reasons || undefined}>
          {count(droppedTotal)}
        </dd>
      </dl>
      {reasons ? <span className="visually-hidden">Dropped for: {reasons}</span> : null}
    </li>
  );
}
