// Which alarms the page shows. All of it is in the page's address.
import type { VerificationState } from "../api/types.gen";

export const SPANS = [
  { value: "1d", text: "24 hours", ms: 86_400_000 },
  { value: "7d", text: "7 days", ms: 7 * 86_400_000 },
  { value: "30d", text: "30 days", ms: 30 * 86_400_000 },
] as const;
type Span = (typeof SPANS)[number]["value"];
export const DEFAULT_SPAN: Span = "7d";

export const VERIFICATION_STATES = [
  "UNKNOWN",
  "TRUE_POSITIVE",
  "BENIGN_POSITIVE",
  "FALSE_POSITIVE",
] as const satisfies readonly VerificationState[];

export const ALARM_STATES = ["active", "cleared", "all"] as const;

export type AlarmSearch = {
  state?: (typeof ALARM_STATES)[number] | undefined;
  thing?: string | undefined;
  profile?: string | undefined;
  behavior?: string | undefined;
  verification?: VerificationState | undefined;
  suppressed?: "true" | "false" | undefined;
  /** How far back past alarms go. */
  last?: Span | undefined;
};

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value);
}

/** Reads the filter from an address; what nobody knows is left out. */
export function readFilter(raw: Record<string, unknown>): AlarmSearch {
  return {
    state: oneOf(ALARM_STATES, raw.state),
    thing: text(raw.thing),
    profile: text(raw.profile),
    behavior: text(raw.behavior),
    verification: oneOf(VERIFICATION_STATES, raw.verification),
    suppressed: oneOf(["true", "false"] as const, raw.suppressed),
    last: oneOf(
      SPANS.map((span) => span.value),
      raw.last,
    ),
  };
}

/** How far back `last` goes, in milliseconds. */
export function spanMs(last: Span | undefined): number {
  return SPANS.find((span) => span.value === (last ?? DEFAULT_SPAN))?.ms ?? 0;
}

/** Whether anything but the state narrows the list. */
export function isNarrowed(filter: AlarmSearch): boolean {
  const { thing, profile, behavior, verification, suppressed } = filter;
  return [thing, profile, behavior, verification, suppressed].some((part) => part !== undefined);
}
