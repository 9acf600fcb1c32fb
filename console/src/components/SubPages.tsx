// The way between pages that belong together.
import { Link, type LinkProps } from "@tanstack/react-router";

export interface SubPage {
  to: NonNullable<LinkProps["to"]>;
  text: string;
}

export function SubPages({ label, pages }: { label: string; pages: readonly SubPage[] }) {
  return (
    <nav className="sub-pages" aria-label={label}>
      {pages.map((page) => (
        <Link key={page.to} to={page.to} activeOptions={{ exact: true, includeSearch: false }}>
          {page.text}
        </Link>
      ))}
    </nav>
  );
}
