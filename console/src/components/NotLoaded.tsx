// The page of one entry while there is nothing of it to show.
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Empty, Failed, Loading } from "./StateViews";

interface Props {
  /** The page's heading: the entry's name where it has one. */
  title: string;
  /** What the entry is, with its article: "the group". */
  what: string;
  error: Error | null;
  retry: () => void;
  /** What is said where there is no such entry, and where to go on. */
  gone: { title: string; children: ReactNode };
}

/** Loading, not there, or failed. */
export function NotLoaded({ title, what, error, retry, gone }: Props) {
  return (
    <div className="page">
      <h1 className="anywhere">{title}</h1>
      <section className="panel">
        <State what={what} error={error} retry={retry} gone={gone} />
      </section>
    </div>
  );
}

function State({ what, error, retry, gone }: Omit<Props, "title">) {
  if (!error) return <Loading what={what} />;
  if (error instanceof ApiError && error.code === "not_found") {
    return (
      <Empty title={gone.title}>
        <p>{gone.children}</p>
      </Empty>
    );
  }
  return <Failed what={`${what.replace(/^t/, "T")} could not be loaded`} error={error} retry={retry} />;
}
