// What the metric explorer shows, as it stands in its address.

export type MetricSearch = {
  /** Names of devices, each encoded, between commas. */
  things?: string | undefined;
  metric?: string | undefined;
  dimension?: string | undefined;
  operator?: "IN" | "NOT_IN" | undefined;
  /** `off` hides the fleet. */
  fleet?: "off" | undefined;
  group?: string | undefined;
  last?: string | undefined;
  /** Milliseconds since 1970; both or none. */
  from?: string | undefined;
  to?: string | undefined;
};

type Raw = Record<string, unknown>;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function readMetricSearch(raw: Raw): MetricSearch {
  return {
    things: text(raw.things),
    metric: text(raw.metric),
    dimension: text(raw.dimension),
    operator: raw.operator === "NOT_IN" ? "NOT_IN" : raw.operator === "IN" ? "IN" : undefined,
    fleet: raw.fleet === "off" ? "off" : undefined,
    group: text(raw.group),
    last: text(raw.last),
    from: text(raw.from),
    to: text(raw.to),
  };
}

/** Most devices beside each other. */
export const THINGS_MAX = 8;

export function thingsOf(search: MetricSearch): string[] {
  const names = (search.things ?? "").split(",").map(decoded).filter(Boolean);
  return [...new Set(names)].slice(0, THINGS_MAX);
}

/** The devices as a member of the address. */
export function thingsText(names: string[]): string | undefined {
  return names.length === 0 ? undefined : names.map(encodeURIComponent).join(",");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
