// A profile while it is being written: one document, shown as a form and as JSON.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { profileCheckQuery } from "../api/profiles";
import type { ProfileProblem } from "../api/types.gen";
import { useSettled } from "../policy/draft";
import type { Members } from "./document";

export type Draft = {
  document: Members;
  /** The JSON, as it was typed. */
  text: string;
  /** Why the JSON cannot be read; the document is older then. */
  unreadable: string | null;
  /** Changes the document, as the form does. */
  edit: (change: (document: Members) => Members) => void;
  /** Takes what was typed as JSON. */
  type: (text: string) => void;
};

export function laidOut(document: Members): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

type State = Pick<Draft, "document" | "text" | "unreadable">;

/** The state after `text` was typed. */
export function typed(before: State, text: string): State {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { document: value as Members, text, unreadable: null };
    }
    return { ...before, text, unreadable: "A profile is an object: { … }" };
  } catch (error) {
    return { ...before, text, unreadable: error instanceof Error ? error.message : "This is not JSON" };
  }
}

export function useDraft(initial: Members): Draft {
  const [state, setState] = useState<State>({ document: initial, text: laidOut(initial), unreadable: null });
  const edit = useCallback((change: (document: Members) => Members) => {
    setState(({ document }) => {
      const next = change(document);
      return { document: next, text: laidOut(next), unreadable: null };
    });
  }, []);
  const type = useCallback((text: string) => setState((before) => typed(before, text)), []);
  return useMemo(() => ({ ...state, edit, type }), [state, edit, type]);
}

export type Check = {
  /** What is wrong; `undefined` while it is not known. */
  problems: ProfileProblem[] | undefined;
  error: Error | null;
};

/** What the server says of the document, once nobody has changed it for a moment. */
export function useCheck(name: string | undefined, document: Members): Check {
  const text = useMemo(() => JSON.stringify(document), [document]);
  const settled = useSettled(text);
  const { data, error } = useQuery(profileCheckQuery(name, settled));
  return useMemo(
    () => ({ problems: settled === text ? data?.problems : undefined, error }),
    [settled, text, data, error],
  );
}
