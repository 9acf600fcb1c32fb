// Questions and changes of security profiles, custom metrics and dimensions.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, callWithProgress, type Progress, query } from "./client";
import { queryClient } from "./queries";
import { change } from "./registry";
import type * as api from "./types.gen";

const part = encodeURIComponent;

export const profilesQuery = queryOptions({
  queryKey: ["profiles"],
  queryFn: ({ signal }) => call<api.ProfileList>("GET", "/profiles", undefined, signal),
  refetchInterval: 15_000,
});

export const profileQuery = (name: string) =>
  queryOptions({
    queryKey: ["profile", name],
    queryFn: ({ signal }) => call<api.Profile>("GET", `/profiles/${part(name)}`, undefined, signal),
    refetchInterval: 15_000,
  });

export const createProfile = (body: api.NewProfile) => change<api.Profile>("POST", "/profiles", body);
export async function replaceProfile(name: string, body: api.ProfileReplacement): Promise<void> {
  const stored = await change<api.Profile>("PUT", `/profiles/${part(name)}`, body);
  queryClient.setQueryData(profileQuery(name).queryKey, stored);
}
export const deleteProfile = (name: string) =>
  change<void>("DELETE", `/profiles/${part(name)}`, undefined, ["profile", name]);
export const attachProfile = (name: string, arn: string) =>
  change<void>("PUT", `/profiles/${part(name)}/targets${query({ arn })}`);
export const detachProfile = (name: string, arn: string) =>
  change<void>("DELETE", `/profiles/${part(name)}/targets${query({ arn })}`);

/** What is wrong with a draft. `text` is the document as JSON. */
export const profileCheckQuery = (name: string | undefined, text: string) =>
  queryOptions({
    queryKey: ["profile-check", name, text],
    queryFn: ({ signal }) =>
      call<api.ProfileCheck>("POST", "/profile-check", { name, document: JSON.parse(text) }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });

/** Who would have alarmed had a draft been on. */
export const previewQuery = (
  name: string | undefined,
  text: string,
  last: string,
  onProgress: (progress: Progress) => void,
) =>
  queryOptions({
    queryKey: ["profile-preview", name, text, last],
    queryFn: ({ signal }) => {
      onProgress({ done: 0, all: 0 });
      const body = { name, document: JSON.parse(text), last };
      return callWithProgress<api.ProfilePreview>("/profile-preview", body, signal, onProgress);
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 120_000,
  });

export const suggest = (body: api.SuggestionRequest) =>
  call<api.SuggestionList>("POST", "/profile-suggestion", body);

export const catalogueQuery = queryOptions({
  queryKey: ["metric-catalogue"],
  queryFn: ({ signal }) => call<api.MetricCatalogue>("GET", "/metric-catalogue", undefined, signal),
  staleTime: 60_000,
});

export const customMetricsQuery = queryOptions({
  queryKey: ["custom-metrics"],
  queryFn: ({ signal }) => call<api.CustomMetricList>("GET", "/custom-metrics", undefined, signal),
});
export const createCustomMetric = (body: api.NewCustomMetric) =>
  change<void>("POST", "/custom-metrics", body);
export const renameCustomMetric = (name: string, display_name: string | null) =>
  change<void>("PUT", `/custom-metrics/${part(name)}`, { display_name });
export const deleteCustomMetric = (name: string) => change<void>("DELETE", `/custom-metrics/${part(name)}`);

export const dimensionsQuery = queryOptions({
  queryKey: ["dimensions"],
  queryFn: ({ signal }) => call<api.DimensionList>("GET", "/dimensions", undefined, signal),
});
export const createDimension = (body: api.Dimension) => change<void>("POST", "/dimensions", body);
export const replaceDimension = (name: string, values: string[]) =>
  change<void>("PUT", `/dimensions/${part(name)}`, { values });
export const deleteDimension = (name: string) => change<void>("DELETE", `/dimensions/${part(name)}`);
