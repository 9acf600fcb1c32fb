// "Had this profile been on": who would have alarmed, by the stored datapoints.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Progress } from "../api/client";
import { previewQuery } from "../api/profiles";
import type { ProfilePreview } from "../api/types.gen";
import { Segments } from "../components/Segments";
import { Empty, Failed, Loading } from "../components/StateViews";
import { useIsAnalyst } from "../lib/role";
import { useSettled } from "../policy/draft";
import type { Members } from "./document";
import { behaviorsOf } from "./document";
import { PreviewResult } from "./PreviewResult";

const RANGES = [
  { value: "24h", text: "24 h" },
  { value: "7d", text: "7 d" },
  { value: "14d", text: "14 d" },
] as const;

type Props = {
  name: string | undefined;
  document: Members;
  targets: string[];
  /** Whether the draft can be tried: it is checked and in order. */
  isInOrder: boolean;
  /** Whether something is wrong with it, and not only unchecked yet. */
  isWrong: boolean;
  /** Keeps the metric of the behavior with this name, where the draft may be changed. */
  onKeep?: ((behavior: string) => void) | undefined;
};

export function Preview({ name, document, targets, isInOrder, isWrong, onKeep }: Props) {
  const [last, setLast] = useState<(typeof RANGES)[number]["value"]>("24h");
  const [progress, setProgress] = useState<Progress>({ done: 0, all: 0 });
  const isAnalyst = useIsAnalyst();
  const text = useMemo(() => JSON.stringify({ ...document, targets }), [document, targets]);
  const settled = useSettled(text);
  const mayRun = isAnalyst && isInOrder && behaviorsOf(document).length > 0;
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery({
    ...previewQuery(name, settled, last, setProgress),
    enabled: mayRun && settled === text,
  });
  const isOld = isFetching || isPlaceholderData || settled !== text;
  return (
    <section className="panel" aria-labelledby="preview">
      <div className="panel-head wrap">
        <h2 id="preview">Had this profile been on</h2>
        {mayRun && isOld ? <Trying progress={progress} /> : null}
        <div className="end">
          <Segments label="For the last" options={RANGES} value={last} onChange={setLast} />
        </div>
      </div>
      <State
        watchesNothing={targets.length === 0}
        {...{ document, isAnalyst, isWrong, isOld, data, error, onKeep }}
        isEmpty={behaviorsOf(document).length === 0}
        retry={() => void refetch()}
      />
    </section>
  );
}

/** That it is being tried, and how far that has come where it takes long. */
function Trying({ progress: { done, all } }: { progress: Progress }) {
  return (
    <span className="muted">
      Trying … {all > 0 && done < all ? <progress aria-label="Tried so far" value={done} max={all} /> : null}
    </span>
  );
}

type StateProps = {
  watchesNothing: boolean;
  document: Members;
  isAnalyst: boolean;
  isWrong: boolean;
  isEmpty: boolean;
  isOld: boolean;
  data: ProfilePreview | undefined;
  error: Error | null;
  retry: () => void;
  onKeep: Props["onKeep"];
};

function State({
  watchesNothing,
  document,
  isAnalyst,
  isWrong,
  isEmpty,
  isOld,
  data,
  error,
  retry,
  onKeep,
}: StateProps) {
  if (!isAnalyst) {
    return (
      <Empty title="Trying a profile needs the role analyst">
        <p>You are logged in as a viewer.</p>
      </Empty>
    );
  }
  if (isEmpty) return <Empty title="Without a behavior nothing is checked" />;
  if (error) return <Failed what="The profile could not be tried" error={error} retry={retry} />;
  if (!data) {
    return isWrong ? (
      <Empty title="Shown once the draft is in order" />
    ) : (
      <Loading what="what would have been" />
    );
  }
  return (
    <>
      <p className="visually-hidden" aria-live="polite">
        {isOld
          ? ""
          : `${data.by_hour.reduce((sum, hour) => sum + hour.alarms, 0)} alarms on the stored datapoints`}
      </p>
      <div className={isOld || isWrong ? "old" : undefined}>
        {watchesNothing ? (
          <p className="panel-body hint" style={{ paddingBottom: 0 }}>
            It watches nothing yet, so it is tried on all devices.
          </p>
        ) : null}
        <PreviewResult document={document} preview={data} onKeep={onKeep} />
      </div>
      {isWrong ? <p className="panel-foot muted">The draft has problems: this is of before.</p> : null}
    </>
  );
}
