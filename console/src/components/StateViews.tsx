// What a view shows while it has nothing to show.
import type { ReactNode } from "react";
import { ApiError } from "../api/client";

export function Loading({ what }: { what: string }) {
  return (
    <div className="state-view" role="status">
      <div className="spinner" />
      <p>Loading {what} …</p>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state-view">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failed({ what, error, retry }: { what: string; error: Error; retry?: () => void }) {
  const hint =
    error instanceof ApiError && error.code === "unavailable" ? " It is tried again by itself." : "";
  return (
    <div className="state-view" role="alert">
      <h2>{what}</h2>
      <p>
        {error.message}
        {hint}
      </p>
      {retry ? (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}

/** Says that what is shown is old because the last refresh failed. */
export function Stale({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <div className="notice warn" role="status">
      The last refresh failed: {error.message} What you see is older.
    </div>
  );
}
