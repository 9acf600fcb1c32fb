// Questions about stored datapoints.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, query } from "./client";
import type * as api from "./types.gen";

/** A metric, or the part of it that concerns some topics. */
export type SeriesKey = { metric: string; dimension?: string | undefined; operator?: string | undefined };
export type Span = { from_ms: number; to_ms: number };

/** What is stored of a device. */
export const seriesQuery = (thing: string) =>
  queryOptions({
    queryKey: ["series", thing],
    queryFn: ({ signal }) =>
      call<api.SeriesList>("GET", `/things/${encodeURIComponent(thing)}/series`, undefined, signal),
    staleTime: 30_000,
  });

export const datapointsQuery = (thing: string, key: SeriesKey, span: Span) =>
  queryOptions({
    queryKey: ["metric-values", thing, key, span],
    queryFn: ({ signal }) =>
      call<api.DatapointList>("GET", `/metric-values${query({ thing, ...key, ...span })}`, undefined, signal),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

export const bandsQuery = (key: SeriesKey, span: Span, step_ms: number, group: string | undefined) =>
  queryOptions({
    queryKey: ["metric-bands", key, span, step_ms, group],
    queryFn: ({ signal }) =>
      call<api.BandList>(
        "GET",
        `/metric-bands${query({ ...key, ...span, step_ms, group })}`,
        undefined,
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });

/** Alarms of a device in a stretch of time, active and past. */
export const alarmsInQuery = (thing: string, span: Span) =>
  queryOptions({
    queryKey: ["alarms", "in", thing, span],
    queryFn: ({ signal }) =>
      call<api.AlarmList>(
        "GET",
        `/alarms${query({ state: "all", thing, ...span, limit: 200 })}`,
        undefined,
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
