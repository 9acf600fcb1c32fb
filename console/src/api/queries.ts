// Every question the pages ask, with how long its answer stays fresh.
import { keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, call, query, setCsrfToken } from "./client";
import type * as api from "./types.gen";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: false,
      staleTime: 2_000,
    },
  },
});

/** Who is logged in; null if nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async ({ signal }): Promise<api.Session | null> => {
    try {
      const session = await call<api.Session>("GET", "/session", undefined, signal);
      setCsrfToken(session.csrf_token);
      return session;
    } catch (error) {
      if (error instanceof ApiError && error.code === "unauthenticated") return null;
      throw error;
    }
  },
});

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => call<api.Overview>("GET", "/overview", undefined, signal),
  refetchInterval: 2_000,
});

export type ThingsFilter = {
  prefix?: string | undefined;
  type_name?: string | undefined;
  group?: string | undefined;
  /** `name` or `name=value`. */
  attribute?: string | undefined;
  after?: string | undefined;
};

export const thingsQuery = (filter: ThingsFilter) =>
  queryOptions({
    queryKey: ["things", filter],
    queryFn: ({ signal }) =>
      call<api.ThingList>("GET", `/things${query({ ...filter, limit: 100 })}`, undefined, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });

export const thingQuery = (name: string) =>
  queryOptions({
    queryKey: ["thing", name],
    queryFn: ({ signal }) => call<api.Thing>("GET", `/things/${encodeURIComponent(name)}`, undefined, signal),
    refetchInterval: 5_000,
  });

export const thingMetricsQuery = (name: string, earliest: string) =>
  queryOptions({
    queryKey: ["thing-metrics", name, earliest],
    queryFn: ({ signal }) =>
      call<api.ThingMetrics>(
        "GET",
        `/things/${encodeURIComponent(name)}/metrics${query({ earliest })}`,
        undefined,
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

export const searchQuery = (request: api.SearchRequest, run: number) =>
  queryOptions({
    queryKey: ["search", request, run],
    queryFn: ({ signal }) => call<api.SearchResult>("POST", "/search", request, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });

export async function logIn(request: api.LogIn): Promise<void> {
  const session = await call<api.Session>("POST", "/session", request);
  setCsrfToken(session.csrf_token);
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

export async function logOut(): Promise<void> {
  try {
    await call<void>("DELETE", "/session");
  } finally {
    queryClient.setQueryData(sessionQuery.queryKey, null);
    // Nothing of one person's view is left for the next.
    queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  }
}

// A session that ended shows the log-in page, wherever it was noticed.
queryClient.getQueryCache().subscribe((event) => {
  if (event.type !== "updated" || event.query.queryKey[0] === "session") return;
  const error = event.query.state.error;
  if (error instanceof ApiError && error.code === "unauthenticated") {
    queryClient.setQueryData(sessionQuery.queryKey, null);
  }
});
