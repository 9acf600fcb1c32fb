// What was just done, at the bottom of the page, with the way back.
import { useEffect, useState } from "react";
import { dismiss, type Toast, undoNewest, useToast } from "../lib/undo";
import { Key } from "./Key";

const SHOWN_MS = 6_000;
/** Longer where there is a way back, which goes with the toast. */
const UNDO_MS = 20_000;

export function Toasts() {
  const toast = useToast();
  return (
    // It is there before it says something, or screen readers would not hear of the first.
    <div className="toasts" role="status">
      {toast ? <One key={toast.id} toast={toast} /> : null}
    </div>
  );
}

function One({ toast }: { toast: Toast }) {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => dismiss(toast.id), toast.undo ? UNDO_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, isHeld]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only waits while somebody is at it
    <div
      className={`toast ${toast.tone}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className="text">{toast.text}</span>
      {toast.undo ? (
        <button type="button" className="button" onClick={() => void undoNewest()}>
          Undo <Key name="z" />
        </button>
      ) : null}
      <button type="button" className="button quiet" onClick={() => dismiss(toast.id)}>
        Dismiss
      </button>
    </div>
  );
}
