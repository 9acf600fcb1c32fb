import { Link } from "@tanstack/react-router";

/** Links to the profiles that use something. */
export function UsedBy({ profiles }: { profiles: string[] }) {
  if (profiles.length === 0) return <span className="muted">no profile</span>;
  return profiles.map((name, index) => (
    <span key={name}>
      {index > 0 ? ", " : ""}
      <Link to="/profiles/$name" params={{ name }}>
        {name}
      </Link>
    </span>
  ));
}
