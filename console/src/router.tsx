// The console's addresses. What a page shows is in its address, so that it can be sent to a colleague.

import { useQuery } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, Link } from "@tanstack/react-router";
import { sessionQuery } from "./api/queries";
import { Shell } from "./components/Shell";
import { Empty, Failed, Loading } from "./components/StateViews";
import { Alarms } from "./pages/Alarms";
import { Login } from "./pages/Login";
import { Overview } from "./pages/Overview";
import { Profiles } from "./pages/Profiles";
import { Search } from "./pages/Search";
import { Thing } from "./pages/Thing";
import { Things } from "./pages/Things";
import { TABS, type Tab } from "./search/Results";

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

type AlarmSearch = { state?: "active" | "cleared" | "all" | undefined; thing?: string | undefined };
const alarms = createRoute({
  getParentRoute: () => root,
  path: "/alarms",
  component: Alarms,
  validateSearch: (raw: Raw): AlarmSearch => {
    const state =
      raw.state === "cleared" || raw.state === "all" || raw.state === "active" ? raw.state : undefined;
    return { state, thing: text(raw.thing) };
  },
});

type ThingsSearch = { prefix?: string | undefined; after?: string | undefined };
const things = createRoute({
  getParentRoute: () => root,
  path: "/things",
  component: Things,
  validateSearch: (raw: Raw): ThingsSearch => ({ prefix: text(raw.prefix), after: text(raw.after) }),
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
  routeTree: root.addChildren([overview, alarms, things, thing, search, profiles]),
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
