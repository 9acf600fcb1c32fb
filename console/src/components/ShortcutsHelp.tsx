import { SHORTCUTS } from "../lib/shortcuts";
import { Dialog } from "./Dialog";

export function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="facts panel-body">
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={does} style={{ display: "contents" }}>
            <dt>
              {keys.map((key) => (
                <span key={key}>
                  <kbd>{key}</kbd>{" "}
                </span>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" className="foot">
        <button type="submit" className="button">
          Close
        </button>
      </form>
    </Dialog>
  );
}
