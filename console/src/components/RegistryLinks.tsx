// How the registry's entries are named and linked everywhere.
import { Link } from "@tanstack/react-router";
import type { Certificate } from "../api/types.gen";

const STATUS = {
  ACTIVE: { tone: "good", text: "active" },
  INACTIVE: { tone: "warn", text: "inactive" },
  REVOKED: { tone: "bad", text: "revoked" },
  PENDING_ACTIVATION: { tone: "warn", text: "pending activation" },
} as const;

export function CertificateStatus({ status }: { status: Certificate["status"] }) {
  return <span className={`badge ${STATUS[status].tone}`}>{STATUS[status].text}</span>;
}

export function AuthorityStatus({ status }: { status: "ACTIVE" | "INACTIVE" }) {
  return <span className={`badge ${STATUS[status].tone}`}>{STATUS[status].text}</span>;
}

/** A registered CA, by the beginning of its id. */
export function AuthorityLink({ id }: { id: string }) {
  return (
    <Link className="mono nowrap" to="/authorities/$id" params={{ id }} title={id}>
      {id.slice(0, 16)}…
    </Link>
  );
}

export function CertificateLink({ id }: { id: string }) {
  return (
    <Link className="mono nowrap" to="/certificates/$id" params={{ id }} title={id}>
      {id.slice(0, 16)}…
    </Link>
  );
}

export function ThingLink({ name }: { name: string }) {
  return (
    <Link to="/things/$name" params={{ name }}>
      {name}
    </Link>
  );
}

export function GroupLink({ name }: { name: string }) {
  return (
    <Link to="/groups/$name" params={{ name }}>
      {name}
    </Link>
  );
}

export function PolicyLink({ name }: { name: string }) {
  return (
    <Link to="/policies/$name" params={{ name }}>
      {name}
    </Link>
  );
}

/** A principal of a connection: a certificate, or somebody else. */
export function Principal({ principal }: { principal: string | null }) {
  if (!principal) return <span className="muted">–</span>;
  return /^[0-9a-f]{64}$/.test(principal) ? <CertificateLink id={principal} /> : principal;
}
