// All that the explorer asks the server, for what stands in its address.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { alarmsInQuery, bandsQuery, datapointsQuery, type SeriesKey, seriesQuery } from "../api/datapoints";
import { catalogueQuery, profilesQuery } from "../api/profiles";
import type { Alarm, Band, CatalogueMetric, DatapointList, Series } from "../api/types.gen";
import { type MetricSearch, thingsOf } from "./address";
import { isNumeric } from "./Controls";
import { type Span, spanOf, stepOf, zoomOf } from "./span";
import { type Watching, watching } from "./watching";

const MINUTE_MS = 60_000;
/** Shown where nothing says otherwise. */
const METRIC = "aws:all-bytes-out";

/** The time, renewed once a minute. */
function useMinute(): number {
  const [now, setNow] = useState(() => Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS);
  useEffect(() => {
    const timer = setInterval(() => setNow(Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export type Explored = {
  metrics: CatalogueMetric[] | undefined;
  metric: CatalogueMetric | undefined;
  stored: Series[] | undefined;
  span: Span;
  isZoomed: boolean;
  now: number;
  things: string[];
  /** One per device; undefined while loading. */
  points: Array<DatapointList | undefined>;
  bands: Band[] | undefined;
  step_ms: number;
  unit: string;
  watching: Watching[];
  alarms: Alarm[];
  isLoading: boolean;
  /** Whether there is no such metric. */
  isUnknown: boolean;
  error: Error | null;
  retry: () => void;
};

export function useExplored(search: MetricSearch): Explored {
  const now = useMinute();
  const catalogue = useQuery(catalogueQuery);
  const things = useMemo(() => thingsOf(search), [search]);
  const first = things[0];
  const series = useQuery({ ...seriesQuery(first ?? ""), enabled: first !== undefined });
  const stored = first === undefined ? undefined : series.data?.series;
  const isDecided = search.metric !== undefined || first === undefined || !series.isPending;
  const name = search.metric ?? stored?.[0]?.metric ?? METRIC;
  const metric = catalogue.data?.metrics.find((one) => one.name === name);
  const key = useMemo(
    (): SeriesKey => ({
      metric: name,
      ...(search.dimension ? { dimension: search.dimension, operator: search.operator ?? "IN" } : {}),
    }),
    [name, search.dimension, search.operator],
  );
  const span = useMemo(() => spanOf(search, now), [search, now]);
  const step = stepOf(span);
  const isReady = metric !== undefined && isDecided;
  const isUnknown = catalogue.data !== undefined && isDecided && metric === undefined;
  const wantsBands = isReady && isNumeric(metric) && search.fleet !== "off";
  const points = useQueries({
    queries: things.map((thing) => ({ ...datapointsQuery(thing, key, span), enabled: isReady })),
  });
  const bands = useQuery({ ...bandsQuery(key, span, step, search.group), enabled: wantsBands });
  const alarms = useQueries({
    queries: things.map((thing) => ({ ...alarmsInQuery(thing, span), enabled: isReady })),
  });
  const profiles = useQuery(profilesQuery);
  const asked = [...points, ...(wantsBands ? [bands] : [])];
  const failed = [catalogue, ...asked].find((query) => query.error && !query.data);
  return {
    metrics: catalogue.data?.metrics,
    metric,
    stored,
    span,
    isZoomed: zoomOf(search) !== null,
    now,
    things,
    points: points.map((query) => query.data),
    bands: wantsBands ? bands.data?.bands : undefined,
    step_ms: bands.data?.step_ms ?? step,
    unit: metric?.unit ?? "",
    watching: useMemo(() => watching(profiles.data?.profiles ?? [], key), [profiles.data, key]),
    alarms: alarms
      .flatMap((query) => query.data?.alarms ?? [])
      .filter((alarm) => alarm.metric === name && overlaps(alarm, span)),
    isLoading: (!isReady && !isUnknown) || asked.some((query) => query.isFetching),
    isUnknown,
    error: failed?.error ?? null,
    retry: () => {
      for (const query of [catalogue, ...asked]) if (query.error) void query.refetch();
    },
  };
}

function overlaps(alarm: Alarm, span: Span): boolean {
  return alarm.started_ms < span.to_ms && (alarm.ended_ms ?? Number.POSITIVE_INFINITY) > span.from_ms;
}
