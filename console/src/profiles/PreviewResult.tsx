// The outcome of a profile on stored datapoints.
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { BehaviorOutcome, PreviewAlarm, ProfilePreview } from "../api/types.gen";
import { Empty } from "../components/StateViews";
import { TableScroll } from "../components/TableScroll";
import { count, dateTime, duration } from "../lib/format";
import { thingsText } from "../metrics/address";
import { behaviorsOf, type Members, readBehavior } from "./document";
import { HourChart } from "./HourChart";

type Props = {
  /** The document that was tried. */
  document: Members;
  preview: ProfilePreview;
  onKeep: ((behavior: string) => void) | undefined;
};

export function PreviewResult({ document, preview, onKeep }: Props) {
  const alarms = preview.behaviors.reduce((sum, one) => sum + one.alarms, 0);
  const without = preview.behaviors.filter((one) => one.without_data);
  const isBlind = without.length === preview.behaviors.length;
  return (
    <>
      <Headline preview={preview} alarms={alarms} isBlind={isBlind} />
      {without.length > 0 ? <Blind without={without} onKeep={onKeep} /> : null}
      {alarms > 0 ? (
        <div className="panel-body">
          <HourChart preview={preview} />
        </div>
      ) : null}
      {isBlind ? null : <Outcomes behaviors={preview.behaviors} />}
      {preview.alarms.length > 0 ? (
        <Alarms document={document} alarms={preview.alarms} truncated={preview.truncated} all={alarms} />
      ) : null}
    </>
  );
}

function Headline({
  preview,
  alarms,
  isBlind,
}: {
  preview: ProfilePreview;
  alarms: number;
  isBlind: boolean;
}) {
  const devices = useMemo(() => new Set(preview.alarms.map((alarm) => alarm.thing)).size, [preview]);
  if (isBlind) {
    return (
      <Empty title="Nothing is known yet">
        <p>No datapoints are stored that these behaviors could look at. That nobody alarms says nothing.</p>
      </Empty>
    );
  }
  const atLeast = preview.truncated ? "at least " : "";
  return (
    <div className="panel-body">
      <p className="verdict-line">
        <span className={`badge ${alarms === 0 ? "good" : "bad"}`}>
          {alarms === 0 ? "No alarm" : `${count(alarms)} ${alarms === 1 ? "alarm" : "alarms"}`}
        </span>{" "}
        {alarms > 0 ? `on ${atLeast}${count(devices)} of ` : "on any of "}
        {count(preview.devices)} {preview.devices === 1 ? "device" : "devices"}
      </p>
      <p className="muted number">
        {count(preview.datapoints)} stored datapoints, {dateTime(preview.from_ms)} to{" "}
        {dateTime(preview.to_ms)}
      </p>
    </div>
  );
}

/** Says for what the preview is blind, as silence there means nothing. */
function Blind({ without, onKeep }: { without: BehaviorOutcome[]; onKeep: Props["onKeep"] }) {
  return (
    <div className="panel-body">
      <div className="notice warn">
        <div className="stack">
          <p>
            Nothing was stored for {without.length === 1 ? "this behavior" : "these behaviors"}, so nothing
            can be said of {without.length === 1 ? "it" : "them"}. A metric is stored from when a profile in
            force looks at it or keeps it.
          </p>
          <ul className="names">
            {without.map((one) => (
              <li key={one.behavior}>
                <b>{one.behavior}</b>
                {onKeep ? (
                  <button type="button" className="button" onClick={() => onKeep(one.behavior)}>
                    Keep its metric
                  </button>
                ) : null}
              </li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  );
}

function Outcomes({ behaviors }: { behaviors: BehaviorOutcome[] }) {
  return (
    <TableScroll label="Table of outcomes by behavior">
      <table className="outcomes">
        <thead>
          <tr>
            <th scope="col">Behavior</th>
            <th scope="col" className="right">
              Alarms
            </th>
            <th scope="col" className="right">
              Devices
            </th>
            <th scope="col" className="right">
              Violating
            </th>
          </tr>
        </thead>
        <tbody>
          {behaviors.map((one) => (
            <tr key={one.behavior}>
              <td>{one.behavior}</td>
              {one.without_data ? (
                <td colSpan={3} className="right muted">
                  not stored
                </td>
              ) : (
                <>
                  <td className="right number">{count(one.alarms)}</td>
                  <td className="right number">{count(one.devices)}</td>
                  <td className="right number nowrap">
                    {count(one.violating)} <span className="muted">of {count(one.datapoints)}</span>
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Alarms({
  document,
  alarms,
  truncated,
  all,
}: {
  document: Members;
  alarms: PreviewAlarm[];
  truncated: boolean;
  all: number;
}) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard */}
      <section className="would-alarm" aria-label="Alarms there would have been" tabIndex={0}>
        <ul>
          {alarms.map((alarm) => (
            <li key={`${alarm.thing} ${alarm.behavior} ${alarm.started_ms}`}>
              <div className="head">
                <Link className="thing" to="/things/$name" params={{ name: alarm.thing }}>
                  {alarm.thing}
                </Link>
                <span className="muted">{alarm.behavior}</span>
                <Link
                  to="/metrics"
                  search={{
                    things: thingsText([alarm.thing]),
                    metric: alarm.metric,
                    ...topicsOf(document, alarm.behavior),
                    from: String(alarm.started_ms - AROUND_MS),
                    to: String((alarm.ended_ms ?? alarm.started_ms) + AROUND_MS),
                  }}
                >
                  Chart
                </Link>
              </div>
              <p>{alarm.explanation}</p>
              <p className="muted number">
                {dateTime(alarm.started_ms)}
                {alarm.ended_ms === null
                  ? ", not over"
                  : `, for ${duration(alarm.ended_ms - alarm.started_ms)}`}
              </p>
            </li>
          ))}
        </ul>
      </section>
      {truncated ? (
        <p className="panel-foot muted">
          Only {count(alarms.length)} of {count(all)} are listed.
        </p>
      ) : null}
    </>
  );
}

const AROUND_MS = 2 * 3_600_000;

/** The topics that a behavior looks at, as the metric explorer's address has them. */
function topicsOf(document: Members, name: string) {
  const found = behaviorsOf(document)
    .map(readBehavior)
    .find((behavior) => behavior.name === name);
  if (!found?.dimension) return {};
  const { name: dimension, operator } = found.dimension;
  return { dimension, operator: operator === "NOT_IN" ? ("NOT_IN" as const) : ("IN" as const) };
}
