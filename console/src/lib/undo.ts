// What was just done, and the way back. One at a time: the newest.
import { useSyncExternalStore } from "react";

export type Toast = {
  id: number;
  text: string;
  tone: "" | "bad";
  /** Takes it back; absent where there is no way back. */
  undo?: () => Promise<void>;
};

let toast: Toast | null = null;
let ids = 0;
const listeners = new Set<() => void>();

function show(next: Toast | null): void {
  toast = next;
  for (const listener of listeners) listener();
}

/** Says that something was done, and offers to take it back. */
export function sayDone(text: string, undo?: () => Promise<void>): void {
  ids += 1;
  show({ id: ids, text, tone: "", ...(undo ? { undo } : {}) });
}

/** Says that something did not work. */
export function sayFailed(text: string): void {
  ids += 1;
  show({ id: ids, text, tone: "bad" });
}

/** Puts the toast away, if it is still the one. */
export function dismiss(id: number): void {
  if (toast?.id === id) show(null);
}

/** Takes the newest back, once. */
export async function undoNewest(): Promise<void> {
  const undo = toast?.undo;
  if (!undo) return;
  show(null);
  try {
    await undo();
    sayDone("Taken back.");
  } catch (error) {
    sayFailed(error instanceof Error ? error.message : "It could not be taken back.");
  }
}

export function currentToast(): Toast | null {
  return toast;
}

export function useToast(): Toast | null {
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return useSyncExternalStore(subscribe, currentToast);
}
