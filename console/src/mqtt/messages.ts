// The messages of a stream while they come.
import { useCallback, useEffect, useRef, useState } from "react";
import { messagesUrl, refusalOf } from "../api/connections";
import type { MqttMessage } from "../api/types.gen";

/** Older messages make room for newer ones. */
const KEPT = 300;

export type Row = MqttMessage & { key: number };

export type Stream = {
  /** Newest first. */
  rows: Row[];
  /** Messages the server left out because they came too fast. */
  dropped: number;
  /** Messages that came since the list was halted. */
  waiting: number;
  state: "open" | "connecting" | "refused" | "off";
  refusal: string | null;
  clear: () => void;
};

type Held = { rows: Row[]; late: Row[]; dropped: number };
const NOTHING: Held = { rows: [], late: [], dropped: 0 };

/** What is held after `row` has come; while halted, the list stays as it is. */
export function received(held: Held, row: Row, isHalted: boolean): Held {
  const dropped = held.dropped + row.dropped;
  const late = [row, ...held.late].slice(0, KEPT);
  return isHalted ? { ...held, late, dropped } : { ...released({ ...held, late }), dropped };
}

/** What is held once the late ones are let in. */
export function released(held: Held): Held {
  return { ...held, rows: [...held.late, ...held.rows].slice(0, KEPT), late: [] };
}

/** The messages that match any of `filters`, as long as there are some. */
export function useMessages(filters: string[], isHalted: boolean): Stream {
  const [held, setHeld] = useState<Held>(NOTHING);
  const [state, setState] = useState<Stream["state"]>("off");
  const [refusal, setRefusal] = useState<string | null>(null);
  const halted = useRef(isHalted);
  const next = useRef(0);
  const address = filters.length === 0 ? null : messagesUrl(filters);

  useEffect(() => {
    halted.current = isHalted;
    if (!isHalted) setHeld(released);
  }, [isHalted]);

  useEffect(() => {
    setState(address ? "connecting" : "off");
    setRefusal(null);
    if (!address) return;
    const source = new EventSource(address);
    let isLeft = false;
    source.addEventListener("open", () => setState("open"));
    source.addEventListener("error", () => {
      // The browser tries again by itself unless the answer was an error.
      const isOver = source.readyState === EventSource.CLOSED;
      setState(isOver ? "refused" : "connecting");
      if (!isOver) return;
      void refusalOf(address).then((text) => {
        if (!isLeft) setRefusal(text);
      });
    });
    source.addEventListener("message", (event: MessageEvent<string>) => {
      next.current += 1;
      const row = { ...(JSON.parse(event.data) as MqttMessage), key: next.current };
      setHeld((old) => received(old, row, halted.current));
    });
    return () => {
      isLeft = true;
      source.close();
    };
  }, [address]);

  const clear = useCallback(() => setHeld(NOTHING), []);
  return { rows: held.rows, dropped: held.dropped, waiting: held.late.length, state, refusal, clear };
}
