// Alarms, of which only those in view are in the page, and the keys that work on them.
import { useNavigate } from "@tanstack/react-router";
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef, useState } from "react";
import type { Alarm } from "../api/types.gen";
import { useShortcuts } from "../lib/shortcuts";
import { AlarmRow } from "./AlarmRow";
import { moved } from "./selection";

type Props = {
  alarms: Alarm[];
  now: number;
  chosen: ReadonlySet<string>;
  cursor: string | null;
  setCursor: (id: string | null) => void;
  /** Absent for people who may not do anything with alarms. */
  choose: ((id: string) => void) | undefined;
};

export function AlarmList({ alarms, now, chosen, cursor, setCursor, choose }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [offset, setOffset] = useState(0);
  const [moves, setMoves] = useState(0);
  const at = cursor === null ? -1 : alarms.findIndex((alarm) => alarm.id === cursor);
  // The row with the focus stays in the page, or the focus would be lost by scrolling.
  const rangeExtractor = useCallback(
    (range: Range) => {
      const inView = defaultRangeExtractor(range);
      return at < 0 || inView.includes(at) ? inView : [...inView, at].sort((a, b) => a - b);
    },
    [at],
  );
  const rows = useVirtualizer({
    count: alarms.length,
    getScrollElement: () => document.getElementById("main"),
    getItemKey: (index) => alarms[index]?.id ?? index,
    estimateSize: () => 74,
    overscan: 8,
    scrollMargin: offset,
    rangeExtractor,
  });

  useLayoutEffect(() => {
    const main = document.getElementById("main");
    const top = list.current?.getBoundingClientRect().top;
    if (!main || top === undefined) return;
    setOffset(Math.round(top - main.getBoundingClientRect().top + main.scrollTop));
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a key moves the focus, not a list that changed
  useLayoutEffect(() => {
    if (moves === 0 || at < 0) return;
    const row = list.current?.querySelector<HTMLElement>(`[data-index="${at}"]`);
    row?.focus({ preventScroll: true });
    // The row is there, so it is measured: more exact than the heights that are only guessed.
    row?.scrollIntoView({ block: "nearest" });
  }, [moves]);

  useKeys(alarms, cursor, choose, (id) => {
    setCursor(id);
    setMoves(moves + 1);
  });

  return (
    <ul className="rows alarm-rows" ref={list} style={{ height: rows.getTotalSize() }} aria-label="Alarms">
      {rows.getVirtualItems().map((item) => {
        const alarm = alarms[item.index];
        if (!alarm) return null;
        return (
          <li
            key={item.key}
            ref={rows.measureElement}
            data-index={item.index}
            tabIndex={-1}
            className={chosen.has(alarm.id) ? "alarm-row chosen" : "alarm-row"}
            aria-setsize={alarms.length}
            aria-posinset={item.index + 1}
            style={{ transform: `translateY(${item.start - offset}px)` }}
            onFocus={() => setCursor(alarm.id)}
          >
            <AlarmRow
              alarm={alarm}
              now={now}
              isChosen={chosen.has(alarm.id)}
              choose={choose ? () => choose(alarm.id) : undefined}
            />
          </li>
        );
      })}
    </ul>
  );
}

function useKeys(
  alarms: Alarm[],
  cursor: string | null,
  choose: ((id: string) => void) | undefined,
  go: (id: string | null) => void,
): void {
  const navigate = useNavigate();
  useShortcuts((keys) => {
    const ids = alarms.map((alarm) => alarm.id);
    if (keys === "j") go(moved(ids, cursor, 1));
    if (keys === "k") go(moved(ids, cursor, -1));
    if (keys === "x" && cursor !== null && ids.includes(cursor)) choose?.(cursor);
    // A link or a button under the focus has its own Enter.
    if (keys === "Enter" && cursor !== null && document.activeElement?.matches(".alarm-row")) {
      void navigate({ to: "/alarms/$id", params: { id: cursor } });
    }
  });
}
