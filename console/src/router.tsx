// The console's addresses. What a page shows is in its address, so that it can be sent to a colleague.

import { useQuery } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from "@tanstack/react-router";
import { readFilter } from "./alarms/filter";
import { sessionQuery } from "./api/queries";
import { Shell } from "./components/Shell";
import { Empty, Failed, Loading } from "./components/StateViews";
import { readMetricSearch } from "./metrics/address";
import { Alarm } from "./pages/Alarm";
import { Alarms } from "./pages/Alarms";
import { Certificate } from "./pages/Certificate";
import { Certificates } from "./pages/Certificates";
import { Changes } from "./pages/Changes";
import { Connections } from "./pages/Connections";
import { CustomMetrics } from "./pages/CustomMetrics";
import { Dimensions } from "./pages/Dimensions";
import { Group } from "./pages/Group";
import { Groups } from "./pages/Groups";
import { Login } from "./pages/Login";
import { Overview } from "./pages/Overview";
import { Policies } from "./pages/Policies";
import { Profiles } from "./pages/Profiles";
import { Things } from "./pages/Things";
import { ThingTypes } from "./pages/ThingTypes";
import { TABS, type Tab } from "./search/tabs";

function Root() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (session) return <Shell session={session} />;
  if (session === null) return <Login />;
  return error ? (
    <Failed what="The console could not start" error={error} retry={() => void refetch()} />
  ) : (
    <Loading what="the console" />
  );
}

// Pages with charts or an editor bring much code, and some are seldom needed: they are loaded when one
// of them is opened.
const Authorities = lazyRouteComponent(() => import("./pages/Authorities"), "Authorities");
const Authority = lazyRouteComponent(() => import("./pages/Authority"), "Authority");
const MqttClient = lazyRouteComponent(() => import("./pages/MqttClient"), "MqttClient");
const Search = lazyRouteComponent(() => import("./pages/Search"), "Search");
const Thing = lazyRouteComponent(() => import("./pages/Thing"), "Thing");
const Mitigation = lazyRouteComponent(() => import("./pages/Mitigation"), "Mitigation");
const MitigationPlan = lazyRouteComponent(() => import("./pages/MitigationPlan"), "MitigationPlan");
const MitigationTask = lazyRouteComponent(() => import("./pages/MitigationTask"), "MitigationTask");
const Notifications = lazyRouteComponent(() => import("./pages/Notifications"), "Notifications");
const Policy = lazyRouteComponent(() => import("./pages/Policy"), "Policy");
const NewPolicy = lazyRouteComponent(() => import("./pages/NewPolicy"), "NewPolicy");
const Profile = lazyRouteComponent(() => import("./pages/Profile"), "Profile");
const NewProfile = lazyRouteComponent(() => import("./pages/NewProfile"), "NewProfile");
const Metrics = lazyRouteComponent(() => import("./pages/Metrics"), "Metrics");

type Raw = Record<string, unknown>;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const root = createRootRoute({
  component: Root,
  notFoundComponent: () => (
    <div className="page">
      <Empty title="There is no such page">
        <p>
          <Link to="/">Overview</Link>
        </p>
      </Empty>
    </div>
  ),
});

const overview = createRoute({ getParentRoute: () => root, path: "/", component: Overview });

const alarms = createRoute({
  getParentRoute: () => root,
  path: "/alarms",
  component: Alarms,
  validateSearch: readFilter,
});
const alarm = createRoute({ getParentRoute: () => root, path: "/alarms/$id", component: Alarm });

const MITIGATION_VIEWS = ["tasks", "actions"] as const;
type MitigationSearch = { view?: (typeof MITIGATION_VIEWS)[number] | undefined };
const mitigation = createRoute({
  getParentRoute: () => root,
  path: "/mitigation",
  component: Mitigation,
  validateSearch: (raw: Raw): MitigationSearch => ({
    view: MITIGATION_VIEWS.find((view) => view === raw.view),
  }),
});
type PlanSearch = { alarms?: string | undefined; actions?: string | undefined };
const plan = createRoute({
  getParentRoute: () => root,
  path: "/mitigation/new",
  component: MitigationPlan,
  validateSearch: (raw: Raw): PlanSearch => ({ alarms: text(raw.alarms), actions: text(raw.actions) }),
});
const task = createRoute({
  getParentRoute: () => root,
  path: "/mitigation/tasks/$id",
  component: MitigationTask,
});
const notifications = createRoute({
  getParentRoute: () => root,
  path: "/notifications",
  component: Notifications,
});

type ThingsSearch = {
  prefix?: string | undefined;
  type_name?: string | undefined;
  group?: string | undefined;
  attribute?: string | undefined;
  after?: string | undefined;
};
const things = createRoute({
  getParentRoute: () => root,
  path: "/things",
  component: Things,
  validateSearch: (raw: Raw): ThingsSearch => ({
    prefix: text(raw.prefix),
    type_name: text(raw.type_name),
    group: text(raw.group),
    attribute: text(raw.attribute),
    after: text(raw.after),
  }),
});

const thing = createRoute({ getParentRoute: () => root, path: "/things/$name", component: Thing });

type SearchSearch = {
  q?: string | undefined;
  earliest?: string | undefined;
  latest?: string | undefined;
  tab?: Tab | undefined;
};
const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  component: Search,
  validateSearch: (raw: Raw): SearchSearch => ({
    q: text(raw.q),
    // An empty text is a choice of its own here: all time.
    earliest: typeof raw.earliest === "string" ? raw.earliest : undefined,
    latest: typeof raw.latest === "string" ? raw.latest : undefined,
    tab: TABS.find((tab) => tab === raw.tab),
  }),
});

const profiles = createRoute({ getParentRoute: () => root, path: "/profiles", component: Profiles });
const profile = createRoute({ getParentRoute: () => root, path: "/profiles/$name", component: Profile });
const newProfile = createRoute({
  getParentRoute: () => root,
  path: "/new-profile",
  component: NewProfile,
  validateSearch: (raw: Raw): { from?: string | undefined } => ({ from: text(raw.from) }),
});
const customMetrics = createRoute({
  getParentRoute: () => root,
  path: "/custom-metrics",
  component: CustomMetrics,
});
const dimensions = createRoute({ getParentRoute: () => root, path: "/dimensions", component: Dimensions });
const metrics = createRoute({
  getParentRoute: () => root,
  path: "/metrics",
  component: Metrics,
  validateSearch: readMetricSearch,
});

type Paged = { prefix?: string | undefined; after?: string | undefined };
const paged = (raw: Raw): Paged => ({ prefix: text(raw.prefix), after: text(raw.after) });

const types = createRoute({ getParentRoute: () => root, path: "/types", component: ThingTypes });
const groups = createRoute({
  getParentRoute: () => root,
  path: "/groups",
  component: Groups,
  validateSearch: paged,
});
const group = createRoute({ getParentRoute: () => root, path: "/groups/$name", component: Group });
const certificates = createRoute({
  getParentRoute: () => root,
  path: "/certificates",
  component: Certificates,
  validateSearch: paged,
});
const certificate = createRoute({
  getParentRoute: () => root,
  path: "/certificates/$id",
  component: Certificate,
});
const authorities = createRoute({
  getParentRoute: () => root,
  path: "/authorities",
  component: Authorities,
  validateSearch: paged,
});
const authority = createRoute({
  getParentRoute: () => root,
  path: "/authorities/$id",
  component: Authority,
});
const policies = createRoute({
  getParentRoute: () => root,
  path: "/policies",
  component: Policies,
  validateSearch: paged,
});
const newPolicy = createRoute({ getParentRoute: () => root, path: "/new-policy", component: NewPolicy });
const policy = createRoute({ getParentRoute: () => root, path: "/policies/$name", component: Policy });

const VIEWS = ["connected", "kept", "log"] as const;
export const LOG_KINDS = ["connected", "disconnected", "refused"] as const;
type ConnectionsSearch = Paged & {
  view?: (typeof VIEWS)[number] | undefined;
  kind?: (typeof LOG_KINDS)[number] | undefined;
};
const connections = createRoute({
  getParentRoute: () => root,
  path: "/connections",
  component: Connections,
  validateSearch: (raw: Raw): ConnectionsSearch => ({
    ...paged(raw),
    view: VIEWS.find((view) => view === raw.view),
    kind: LOG_KINDS.find((kind) => kind === raw.kind),
  }),
});
const mqtt = createRoute({
  getParentRoute: () => root,
  path: "/mqtt",
  component: MqttClient,
  // Topic filters, one a line: they may hold commas and blanks.
  validateSearch: (raw: Raw): { filters?: string | undefined } => ({ filters: text(raw.filters) }),
});

type ChangesSearch = {
  actor?: string | undefined;
  resource?: string | undefined;
  after?: string | undefined;
};
const changes = createRoute({
  getParentRoute: () => root,
  path: "/changes",
  component: Changes,
  validateSearch: (raw: Raw): ChangesSearch => ({
    actor: text(raw.actor),
    resource: text(raw.resource),
    after: text(raw.after),
  }),
});

// Plain texts in the address, none of the router's JSON.
function parseSearch(query: string): Raw {
  return Object.fromEntries(new URLSearchParams(query));
}

function stringifySearch(values: Raw): string {
  const set = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const query = new URLSearchParams(set).toString();
  return query === "" ? "" : `?${query}`;
}

export const router = createRouter({
  routeTree: root.addChildren([
    ...[overview, alarms, alarm, search, mitigation, plan, task, notifications],
    ...[profiles, profile, newProfile, customMetrics, dimensions, metrics],
    ...[things, thing, types, groups, group, certificates, certificate, authorities, authority],
    ...[policies, newPolicy, policy, connections, mqtt, changes],
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: false,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
