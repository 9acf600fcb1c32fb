// Keys that work on every page, outside of text fields.
import { useEffect, useRef } from "react";

export const SHORTCUTS: Array<{ keys: string[]; does: string }> = [
  { keys: ["/"], does: "Search" },
  { keys: ["g", "o"], does: "Go to the overview" },
  { keys: ["g", "a"], does: "Go to the alarms" },
  { keys: ["g", "t"], does: "Go to the things" },
  { keys: ["g", "p"], does: "Go to the security profiles" },
  { keys: ["g", "e"], does: "Go to the metric explorer" },
  { keys: ["g", "g"], does: "Go to the thing groups" },
  { keys: ["g", "c"], does: "Go to the certificates" },
  { keys: ["g", "i"], does: "Go to the IoT policies" },
  { keys: ["g", "n"], does: "Go to the connections" },
  { keys: ["g", "m"], does: "Go to the MQTT client" },
  { keys: ["g", "r"], does: "Go to mitigation" },
  { keys: ["j"], does: "Next alarm" },
  { keys: ["k"], does: "Alarm before" },
  { keys: ["x"], does: "Select the alarm" },
  { keys: ["v"], does: "Verify the selected alarms, or the one you are at" },
  { keys: ["m"], does: "Plan a mitigation of them" },
  { keys: ["Enter"], does: "Open the alarm" },
  { keys: ["z"], does: "Undo the verification" },
  { keys: ["Ctrl", "Enter"], does: "Run the search (in the editor)" },
  { keys: ["Esc", "Tab"], does: "Leave the policy editor" },
  { keys: ["?"], does: "Show these keys" },
];

const CHORD_MS = 1200;

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  const field = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
  return (
    Boolean(element?.closest?.(`${field}, dialog[open]`)) || document.querySelector("dialog[open]") !== null
  );
}

/** Calls `run` with `"/"`, `"?"` or a chord such as `"g a"`. */
export function useShortcuts(run: (keys: string) => void): void {
  // By a reference, so that a page drawn anew in the middle of a chord does not break it.
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    let first = { key: "", at: 0 };
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const chord = first.key === "g" && event.timeStamp - first.at < CHORD_MS ? `g ${event.key}` : event.key;
      first = { key: event.key, at: event.timeStamp };
      if (chord === "/" || chord === "?") event.preventDefault();
      latest.current(chord);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
