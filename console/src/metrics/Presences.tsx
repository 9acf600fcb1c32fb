// A list metric of one device: which element was there when, as strips and as words.
import { useMemo, useState } from "react";
import type { DatapointList } from "../api/types.gen";
import { Empty } from "../components/StateViews";
import { TableScroll } from "../components/TableScroll";
import { count, dateTime } from "../lib/format";
import { ELEMENTS_MAX, type Presence, presences } from "./presence";
import type { Span } from "./span";
import type { Watching } from "./watching";

type Props = {
  thing: string;
  points: DatapointList["points"];
  span: Span;
  watching: Watching[];
  /** Shows the datapoints around this time. */
  zoom: (span: Span) => void;
};

const SHOWN_AT_FIRST = 40;

export function Presences({ thing, points, span, watching, zoom }: Props) {
  const rows = useMemo(() => presences(points, Math.min(span.to_ms, Date.now())), [points, span]);
  const [showsAll, setShowsAll] = useState(false);
  if (points.length === 0) return <Empty title={`Nothing is stored of ${thing} in this time`} />;
  if (rows.length === 0) {
    return (
      <Empty title={`${thing}: always empty`}>
        <p>{count(points.length)} datapoints, none with an element.</p>
      </Empty>
    );
  }
  const shown = rows.slice(0, showsAll ? ELEMENTS_MAX : SHOWN_AT_FIRST);
  return (
    <>
      <TableScroll label={`Elements of ${thing}`}>
        <table className="presences">
          <thead>
            <tr>
              <th scope="col">{thing}</th>
              <th scope="col" className="strip-head">
                <span>{dateTime(span.from_ms)}</span>
                <span>{dateTime(span.to_ms)}</span>
              </th>
              <th scope="col">Seen</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row
                key={row.element}
                row={row}
                of={points.length}
                span={span}
                zoom={zoom}
                against={watching.filter((one) => one.isInForce && one.allows && !one.allows(row.element))}
              />
            ))}
          </tbody>
        </table>
      </TableScroll>
      {shown.length < rows.length ? (
        <div className="panel-foot">
          {showsAll ? (
            <span className="muted">Only the rarest {count(ELEMENTS_MAX)} are shown.</span>
          ) : (
            <button type="button" className="button quiet" onClick={() => setShowsAll(true)}>
              Show all {count(rows.length)}
            </button>
          )}
        </div>
      ) : null}
    </>
  );
}

type RowProps = { row: Presence; of: number; span: Span; against: Watching[]; zoom: (span: Span) => void };

function Row({ row, of, span, against, zoom }: RowProps) {
  const isBad = against.length > 0;
  const first = row.stretches[0];
  const last = row.stretches.at(-1);
  const length = span.to_ms - span.from_ms;
  return (
    <tr>
      <th scope="row" className={isBad ? "mono text-bad" : "mono"}>
        {row.element}
      </th>
      <td className="strip-cell">
        <div className="strip" aria-hidden="true">
          {row.stretches.map((stretch) => {
            const from = Math.max(stretch.from_ms, span.from_ms);
            const to = Math.min(stretch.to_ms, span.to_ms);
            return (
              <i
                key={stretch.from_ms}
                className={isBad ? "bad" : undefined}
                title={`${dateTime(stretch.from_ms)} to ${dateTime(stretch.to_ms)}`}
                style={{
                  left: `${((from - span.from_ms) / length) * 100}%`,
                  width: `max(3px, ${(Math.max(0, to - from) / length) * 100}%)`,
                }}
              />
            );
          })}
        </div>
      </td>
      <td>
        {isBad ? (
          <div className="text-bad">
            against {against.map((one) => `${one.profile}/${one.behavior}`).join(", ")}
          </div>
        ) : null}
        <span className="number">
          {first ? `since ${dateTime(first.from_ms)}` : ""}
          {row.isNow || !last ? ", still" : `, last ${dateTime(last.to_ms)}`}
        </span>{" "}
        <span className="muted number">
          in {count(row.seen)} of {count(of)}
        </span>{" "}
        {first && row.seen < of ? (
          <button
            type="button"
            className="button quiet"
            aria-label={`Zoom to ${row.element}`}
            onClick={() => zoom(around(first.from_ms, (last ?? first).to_ms))}
          >
            Zoom
          </button>
        ) : null}
      </td>
    </tr>
  );
}

/** A stretch with some time before and after it. */
function around(from_ms: number, to_ms: number): Span {
  const room = Math.max((to_ms - from_ms) / 4, 10 * 60_000);
  return { from_ms: Math.round(from_ms - room), to_ms: Math.round(to_ms + room) };
}
