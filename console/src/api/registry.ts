// Questions and changes of the registry: types, groups, certificates, policies, and who changed what.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, query } from "./client";
import { queryClient } from "./queries";
import type * as api from "./types.gen";

const part = encodeURIComponent;

/** Asks for a list a page at a time; the page before stays until the next is there. */
function pages<T>(name: string, path: string, filter: Record<string, string | undefined>) {
  return queryOptions({
    queryKey: [name, filter],
    queryFn: ({ signal }) => call<T>("GET", `${path}${query({ ...filter, limit: 100 })}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** Not asked again: what no change concerns, and what takes long and has all it depends on in its key. */
const KEPT = new Set(["session", "search", "overview", "profile-preview", "metric-values", "metric-bands"]);

/**
 * Makes a change, then asks again for what may look different now. Not for what is `gone` by it, by the
 * first two parts of its key: a page that shows it would be told so before it is left.
 */
export async function change<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  gone?: readonly [string, string],
): Promise<T> {
  const answer = await call<T>(method, path, body);
  await queryClient.invalidateQueries({
    predicate: ({ queryKey: [kind, name] }) =>
      !KEPT.has(String(kind)) && !(gone && kind === gone[0] && name === gone[1]),
  });
  return answer;
}

export const createThing = (body: api.NewThing) => change<api.ThingBundle>("POST", "/things", body);
export const changeThing = (name: string, body: api.ThingChange) =>
  change<void>("PATCH", `/things/${part(name)}`, body);
export const deleteThing = (name: string) =>
  change<void>("DELETE", `/things/${part(name)}`, undefined, ["thing", name]);

export const thingTypesQuery = queryOptions({
  queryKey: ["thing-types"],
  queryFn: ({ signal }) => call<api.ThingTypeList>("GET", "/thing-types", undefined, signal),
});
export const createThingType = (body: api.NewThingType) =>
  change<api.ThingType>("POST", "/thing-types", body);
export const deprecateThingType = (name: string, undo: boolean) =>
  change<void>("POST", `/thing-types/${part(name)}/deprecation`, { undo });
export const deleteThingType = (name: string) => change<void>("DELETE", `/thing-types/${part(name)}`);

export type GroupsFilter = {
  prefix?: string | undefined;
  /** Only those that lie in this group directly. */
  parent?: string | undefined;
  /** `"true"`: only those that lie in no other. */
  uppermost?: "true" | undefined;
  after?: string | undefined;
};
export const groupsQuery = (filter: GroupsFilter) => pages<api.GroupList>("groups", "/groups", filter);
export const groupQuery = (name: string) =>
  queryOptions({
    queryKey: ["group", name],
    queryFn: ({ signal }) => call<api.Group>("GET", `/groups/${part(name)}`, undefined, signal),
  });
export const createGroup = (body: api.NewGroup) => change<api.GroupRow>("POST", "/groups", body);
export const deleteGroup = (name: string) =>
  change<void>("DELETE", `/groups/${part(name)}`, undefined, ["group", name]);
export const addToGroup = (group: string, thing: string) =>
  change<void>("PUT", `/groups/${part(group)}/things/${part(thing)}`);
export const removeFromGroup = (group: string, thing: string) =>
  change<void>("DELETE", `/groups/${part(group)}/things/${part(thing)}`);

export const certificatesQuery = (filter: { after?: string | undefined }) =>
  pages<api.CertificateList>("certificates", "/certificates", filter);
export const certificateQuery = (id: string) =>
  queryOptions({
    queryKey: ["certificate", id],
    queryFn: ({ signal }) =>
      call<api.CertificateDetail>("GET", `/certificates/${part(id)}`, undefined, signal),
  });
/** Where devices connect. */
export const endpointQuery = queryOptions({
  queryKey: ["endpoint"],
  queryFn: ({ signal }) => call<api.Endpoint>("GET", "/endpoint", undefined, signal),
});

export const authoritiesQuery = (filter: { after?: string | undefined }) =>
  pages<api.AuthorityList>("authorities", "/authorities", filter);
export const authorityQuery = (id: string) =>
  queryOptions({
    queryKey: ["authority", id],
    queryFn: ({ signal }) => call<api.AuthorityDetail>("GET", `/authorities/${part(id)}`, undefined, signal),
  });
export const registrationCodeQuery = queryOptions({
  queryKey: ["registration-code"],
  queryFn: ({ signal }) => call<api.RegistrationCode>("GET", "/registration-code", undefined, signal),
});
export const registerAuthority = (body: api.NewAuthority) =>
  change<api.RegisteredAuthority>("POST", "/authorities", body);
export const changeAuthority = (id: string, body: api.AuthorityChange) =>
  change<void>("PATCH", `/authorities/${part(id)}`, body);
export const deleteAuthority = (id: string) =>
  change<void>("DELETE", `/authorities/${part(id)}`, undefined, ["authority", id]);

export const createCertificateFromRequest = (body: api.NewCertificateRequest) =>
  change<api.CertificateBundle>("POST", "/certificate-requests", body);
export const createCertificate = (body: api.NewCertificate) =>
  change<api.CertificateBundle>("POST", "/certificates", body);
export const changeCertificate = (id: string, body: api.CertificateChange) =>
  change<void>("PATCH", `/certificates/${part(id)}`, body);
export const deleteCertificate = (id: string) =>
  change<void>("DELETE", `/certificates/${part(id)}`, undefined, ["certificate", id]);
export const attachCertificate = (id: string, thing: string) =>
  change<void>("PUT", `/certificates/${part(id)}/things/${part(thing)}`);
export const detachCertificate = (id: string, thing: string) =>
  change<void>("DELETE", `/certificates/${part(id)}/things/${part(thing)}`);
export const attachPolicyToCertificate = (id: string, policy: string) =>
  change<void>("PUT", `/certificates/${part(id)}/policies/${part(policy)}`);
export const detachPolicyFromCertificate = (id: string, policy: string) =>
  change<void>("DELETE", `/certificates/${part(id)}/policies/${part(policy)}`);

export const policiesQuery = (filter: { after?: string | undefined }) =>
  pages<api.PolicyList>("policies", "/policies", filter);
export const policyQuery = (name: string) =>
  queryOptions({
    queryKey: ["policy", name],
    queryFn: ({ signal }) => call<api.Policy>("GET", `/policies/${part(name)}`, undefined, signal),
  });
export const policyCheckQuery = (document: string) =>
  queryOptions({
    queryKey: ["policy-check", document],
    queryFn: ({ signal }) => call<api.PolicyCheck>("POST", "/policy-check", { document }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
export const explain = (body: api.ExplainRequest) =>
  call<api.Explanation>("POST", "/policy-explanation", body);
export const createPolicy = (body: api.NewPolicy) => change<api.Policy>("POST", "/policies", body);
export const deletePolicy = (name: string) =>
  change<void>("DELETE", `/policies/${part(name)}`, undefined, ["policy", name]);
export const createPolicyVersion = (name: string, body: api.NewPolicyVersion) =>
  change<api.Policy>("POST", `/policies/${part(name)}/versions`, body);
export const deletePolicyVersion = (name: string, version: number) =>
  change<void>("DELETE", `/policies/${part(name)}/versions/${version}`);
export const setDefaultVersion = (name: string, version: number) =>
  change<void>("PUT", `/policies/${part(name)}/default-version`, { version });
export const attachPolicyToGroup = (policy: string, group: string) =>
  change<void>("PUT", `/policies/${part(policy)}/groups/${part(group)}`);
export const detachPolicyFromGroup = (policy: string, group: string) =>
  change<void>("DELETE", `/policies/${part(policy)}/groups/${part(group)}`);

export type ChangesFilter = {
  actor?: string | undefined;
  operation?: string | undefined;
  resource?: string | undefined;
  after?: string | undefined;
};
export const changesQuery = (filter: ChangesFilter) => pages<api.ChangeList>("changes", "/changes", filter);
