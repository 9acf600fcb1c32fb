// The way between certificates and the authorities that sign them.
import { Link } from "@tanstack/react-router";

const PAGES = [
  { to: "/certificates", text: "Certificates" },
  { to: "/authorities", text: "Authorities" },
] as const;

export function CertificateTabs() {
  return (
    <nav className="sub-pages" aria-label="Certificates and authorities">
      {PAGES.map((page) => (
        <Link key={page.to} to={page.to} activeOptions={{ exact: true, includeSearch: false }}>
          {page.text}
        </Link>
      ))}
    </nav>
  );
}
