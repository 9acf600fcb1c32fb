// The way between certificates and the authorities that sign them.
import { type SubPage, SubPages } from "./SubPages";

const PAGES: readonly SubPage[] = [
  { to: "/certificates", text: "Certificates" },
  { to: "/authorities", text: "Authorities" },
];

export function CertificateTabs() {
  return <SubPages label="Certificates and authorities" pages={PAGES} />;
}
