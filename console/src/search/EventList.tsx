// Events, newest first: raw text, and every field on demand. Only what is in view is in the page.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { SearchResult } from "../api/types.gen";
import { Icon } from "../components/Icon";
import { cellText, cellTime, type Row } from "../lib/cells";
import { eventTime } from "../lib/format";

export function EventList({ result }: { result: SearchResult }) {
  const scroller = useRef<HTMLElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const rows = useVirtualizer({
    count: result.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 31,
    overscan: 12,
  });
  const toggle = (index: number) => {
    const next = new Set(open);
    if (!next.delete(index)) next.add(index);
    setOpen(next);
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region is reached by keyboard
    <section ref={scroller} className="tab-panel" aria-label="Events" tabIndex={0}>
      <ul className="rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => (
          <li
            key={item.key}
            ref={rows.measureElement}
            data-index={item.index}
            className="event"
            aria-setsize={result.rows.length}
            aria-posinset={item.index + 1}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <Event
              row={result.rows[item.index] ?? {}}
              fields={result.fields}
              open={open.has(item.index)}
              toggle={() => toggle(item.index)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

type EventProps = { row: Row; fields: string[]; open: boolean; toggle: () => void };

function Event({ row, fields, open, toggle }: EventProps) {
  const ms = cellTime(row._time);
  return (
    <>
      <button
        type="button"
        className="open"
        aria-expanded={open}
        aria-label="Fields of this event"
        onClick={toggle}
      >
        <Icon name="chevron" />
      </button>
      {ms === null ? <span>–</span> : <time dateTime={new Date(ms).toISOString()}>{eventTime(ms)}</time>}
      <span className={`raw ${open ? "open-text" : ""}`}>{cellText(row._raw) || summary(row, fields)}</span>
      {open ? (
        <dl className="fields">
          {fields
            .filter((field) => row[field] !== undefined && field !== "_raw" && field !== "_time")
            .map((field) => (
              <div key={field} style={{ display: "contents" }}>
                <dt>{field}</dt>
                <dd>{cellText(row[field])}</dd>
              </div>
            ))}
        </dl>
      ) : null}
    </>
  );
}

/** What stands for an event whose raw text was taken out. */
function summary(row: Row, fields: string[]): string {
  const shown = fields.filter((field) => field !== "_time" && row[field] !== undefined);
  return shown.map((field) => `${field}=${cellText(row[field])}`).join("  ");
}
