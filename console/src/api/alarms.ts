// Questions about alarms, and what they turned out to be.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { AlarmSearch } from "../alarms/filter";
import { spanMs } from "../alarms/filter";
import { call, query } from "./client";
import { queryClient } from "./queries";
import type {
  AlarmDetail,
  AlarmList,
  AlarmVerification,
  VerificationOutcome,
  VerificationOutcomes,
} from "./types.gen";

/** How many alarms are listed at most. */
export const ALARMS_MAX = 1000;
const MANY = 200;
/** How many verifications the server takes at once. */
const VERIFICATIONS_MAX = 100;

export const alarmsQuery = (filter: AlarmSearch) =>
  queryOptions({
    queryKey: ["alarms", filter],
    queryFn: ({ signal }) => {
      const { last, state = "active", ...rest } = filter;
      const from_ms = state === "active" ? undefined : Date.now() - spanMs(last);
      return call<AlarmList>(
        "GET",
        `/alarms${query({ ...rest, state, from_ms, limit: ALARMS_MAX })}`,
        undefined,
        signal,
      );
    },
    placeholderData: keepPreviousData,
    // A long list is much to send over and over.
    refetchInterval: ({ state }) => ((state.data?.alarms.length ?? 0) > MANY ? 15_000 : 5_000),
  });

export const alarmQuery = (id: string) =>
  queryOptions({
    queryKey: ["alarm", id],
    queryFn: ({ signal }) => call<AlarmDetail>("GET", `/alarms/${encodeURIComponent(id)}`, undefined, signal),
    refetchInterval: 5_000,
  });

/** Says what alarms turned out to be; answers with those for which it did not work, and why. */
export async function putVerifications(changes: AlarmVerification[]): Promise<VerificationOutcome[]> {
  const failed: VerificationOutcome[] = [];
  let problem: string | null = null;
  for (let at = 0; at < changes.length; at += VERIFICATIONS_MAX) {
    const verifications = changes.slice(at, at + VERIFICATIONS_MAX);
    try {
      // After a part that did not get through the others are not tried, but those before stand.
      if (problem !== null) throw new Error(problem);
      const { results } = await call<VerificationOutcomes>("PUT", "/alarm-verifications", { verifications });
      failed.push(...results.filter((result) => result.error !== null));
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : "It did not work.";
      problem = error;
      failed.push(...verifications.map(({ id }) => ({ id, error })));
    }
  }
  await refreshAlarms();
  return failed;
}

/** Asks anew for everything that shows alarms. */
export async function refreshAlarms(): Promise<void> {
  const kinds = new Set(["alarms", "alarm", "overview", "thing"]);
  await queryClient.invalidateQueries({ predicate: ({ queryKey: [kind] }) => kinds.has(String(kind)) });
}
