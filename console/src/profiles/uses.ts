// Which profiles use a metric or a dimension.
import type { Profile as SecurityProfile } from "../api/types.gen";
import { behaviorsOf, readBehavior, retainedOf } from "./document";

/** Names of the profiles with a behavior about `metric`, or that keep it. */
export function usersOfMetric(profiles: SecurityProfile[], metric: string): string[] {
  return users(profiles, (one) => one.metric === metric);
}

/** Names of the profiles that look at the topics of `dimension`. */
export function usersOfDimension(profiles: SecurityProfile[], dimension: string): string[] {
  return users(profiles, (one) => one.dimension === dimension);
}

type Use = { metric: string; dimension: string | null };

function users(profiles: SecurityProfile[], matches: (use: Use) => boolean): string[] {
  return profiles.filter(({ document }) => uses(document).some(matches)).map((profile) => profile.name);
}

function uses(document: Record<string, unknown>): Use[] {
  const watched = behaviorsOf(document)
    .map(readBehavior)
    .map(({ metric, dimension }) => ({ metric, dimension: dimension?.name ?? null }));
  return [...watched, ...retainedOf(document)];
}
