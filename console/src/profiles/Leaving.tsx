// Asks before a changed draft is left.
import { useBlocker } from "@tanstack/react-router";
import { Dialog } from "../components/Dialog";

export function Leaving({ isChanged }: { isChanged: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: () => isChanged,
    enableBeforeUnload: () => isChanged,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Dialog title="Leave without saving?" onClose={blocker.reset}>
      <p className="panel-body">What you have changed is lost then.</p>
      <div className="foot">
        <button type="button" className="button" onClick={blocker.reset}>
          Stay
        </button>
        <button type="button" className="button danger" onClick={blocker.proceed}>
          Leave
        </button>
      </div>
    </Dialog>
  );
}
