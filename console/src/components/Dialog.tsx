// A modal dialog on the browser's own element: focus stays inside, Escape closes.
import { type ReactNode, useEffect, useId, useRef } from "react";

type Props = { title: string; onClose: () => void; children: ReactNode };

export function Dialog({ title, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // The browser gives the focus back when a dialog closes, but not when it is taken out of the page.
  const focused = useRef(document.activeElement);
  useEffect(() => {
    const element = dialog.current;
    const before = focused.current;
    if (element && !element.open) element.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
      </div>
      {children}
    </dialog>
  );
}
