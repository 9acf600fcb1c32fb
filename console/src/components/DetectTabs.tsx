// The way between the pages of what is expected of devices.
import { Link } from "@tanstack/react-router";

const PAGES = [
  { to: "/profiles", text: "Profiles" },
  { to: "/custom-metrics", text: "Custom metrics" },
  { to: "/dimensions", text: "Dimensions" },
] as const;

export function DetectTabs() {
  return (
    <nav className="sub-pages" aria-label="What is expected">
      {PAGES.map((page) => (
        <Link key={page.to} to={page.to} activeOptions={{ exact: true, includeSearch: false }}>
          {page.text}
        </Link>
      ))}
    </nav>
  );
}
