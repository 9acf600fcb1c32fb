// The frame around every page: navigation, who is logged in, keys.
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { logOut, overviewQuery } from "../api/queries";
import type { Session } from "../api/types.gen";
import { useShortcuts } from "../lib/shortcuts";
import { toggleTheme, useTheme } from "../lib/theme";
import { undoNewest } from "../lib/undo";
import { Icon, type IconName } from "./Icon";
import { ShortcutsHelp } from "./ShortcutsHelp";
import { Toasts } from "./Toasts";

type Address =
  | "/"
  | "/alarms"
  | "/search"
  | "/profiles"
  | "/metrics"
  | "/things"
  | "/types"
  | "/groups"
  | "/certificates"
  | "/policies"
  | "/connections"
  | "/mqtt"
  | "/mitigation"
  | "/notifications"
  | "/changes";

/** With `admin`, only administrators may see what the page shows. */
type Page = { to: Address; text: string; icon: IconName; admin?: true };

const PARTS: Array<{ title: string; pages: Page[] }> = [
  {
    title: "Watch",
    pages: [
      { to: "/", text: "Overview", icon: "overview" },
      { to: "/alarms", text: "Alarms", icon: "alarm" },
      { to: "/search", text: "Search", icon: "search" },
      { to: "/profiles", text: "Profiles", icon: "profile" },
      { to: "/metrics", text: "Metrics", icon: "metric" },
    ],
  },
  {
    title: "Fleet",
    pages: [
      { to: "/things", text: "Things", icon: "thing" },
      { to: "/types", text: "Types", icon: "type" },
      { to: "/groups", text: "Groups", icon: "group" },
      { to: "/certificates", text: "Certificates", icon: "certificate" },
      { to: "/policies", text: "Policies", icon: "policy" },
    ],
  },
  {
    title: "Operate",
    pages: [
      { to: "/connections", text: "Connections", icon: "connection" },
      { to: "/mitigation", text: "Mitigation", icon: "mitigation" },
      { to: "/notifications", text: "Notifications", icon: "bell" },
      { to: "/mqtt", text: "MQTT client", icon: "message", admin: true },
      { to: "/changes", text: "Changes", icon: "clock", admin: true },
    ],
  },
];

const KEYS: Record<string, Address> = {
  "/": "/search",
  "g o": "/",
  "g a": "/alarms",
  "g t": "/things",
  "g p": "/profiles",
  "g e": "/metrics",
  "g g": "/groups",
  "g c": "/certificates",
  "g i": "/policies",
  "g n": "/connections",
  "g m": "/mqtt",
  "g r": "/mitigation",
};

export function Shell({ session }: { session: Session }) {
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const navigate = useNavigate();
  const onKeys = useCallback(
    (keys: string) => {
      const to = KEYS[keys];
      if (to) void navigate({ to });
      if (keys === "?") setHelp(true);
      if (keys === "z") void undoNewest();
    },
    [navigate],
  );
  useShortcuts(onKeys);
  return (
    <div className="shell">
      <a className="button skip-link" href="#main">
        Skip to content
      </a>
      <header className={menu ? "side open" : "side"}>
        <div className="brand">
          <img src="/favicon.svg" alt="" />
          <span>Picket</span>
        </div>
        <MenuButton isOpen={menu} set={setMenu} />
        <nav className="nav" id="pages" aria-label="Pages">
          {PARTS.map((part) => (
            <div className="nav-part" key={part.title}>
              <h2>{part.title}</h2>
              {part.pages
                .filter((page) => !page.admin || session.role === "admin")
                .map((page) => (
                  <Link
                    key={page.to}
                    to={page.to}
                    activeOptions={{ exact: page.to === "/", includeSearch: false }}
                    onClick={() => setMenu(false)}
                  >
                    <Icon name={page.icon} />
                    <span className="text">{page.text}</span>
                    {page.to === "/alarms" ? <AlarmBadge /> : null}
                  </Link>
                ))}
            </div>
          ))}
        </nav>
        <Foot session={session} onHelp={() => setHelp(true)} />
      </header>
      <main className="main" id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
      {help ? <ShortcutsHelp onClose={() => setHelp(false)} /> : null}
    </div>
  );
}

/** On a phone the pages are behind this. */
function MenuButton({ isOpen, set }: { isOpen: boolean; set: (isOpen: boolean) => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      set(false);
      button.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [isOpen, set]);
  return (
    <button
      ref={button}
      type="button"
      className="button menu"
      aria-expanded={isOpen}
      aria-controls="pages"
      onClick={() => set(!isOpen)}
    >
      <Icon name="menu" />
      Menu
      <AlarmBadge />
    </button>
  );
}

function AlarmBadge() {
  const { data } = useQuery(overviewQuery);
  if (!data || data.active_alarms === 0) return null;
  return (
    <span className="badge bad">
      {data.active_alarms}
      <span className="visually-hidden"> active</span>
    </span>
  );
}

function Foot({ session, onHelp }: { session: Session; onHelp: () => void }) {
  const theme = useTheme();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <div className="side-foot">
      <div className="who">
        <b>{session.user}</b>
        <span className="muted">{session.role}</span>
      </div>
      <div className="row">
        <button
          type="button"
          className="button quiet icon"
          onClick={toggleTheme}
          aria-label={`Use the ${other} theme`}
          title={`Use the ${other} theme`}
        >
          <Icon name={theme === "dark" ? "sun" : "moon"} />
        </button>
        <button
          type="button"
          className="button quiet icon"
          onClick={onHelp}
          aria-label="Show keys"
          title="Show keys (?)"
        >
          <Icon name="help" />
        </button>
        <button
          type="button"
          className="button quiet icon"
          onClick={() => void logOut()}
          aria-label="Log out"
          title="Log out"
        >
          <Icon name="logout" />
        </button>
      </div>
    </div>
  );
}
