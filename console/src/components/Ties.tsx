// A panel with the names something is tied to, and the ways to tie and untie.
import { type ReactNode, useId, useState } from "react";
import { ActionDialog, Field } from "./ActionDialog";
import { Icon } from "./Icon";
import { Empty } from "./StateViews";

type Props = {
  title: string;
  names: string[];
  link: (name: string) => ReactNode;
  /** What is said when there are none. */
  none: string;
  /** What is said below a list that is cut off. */
  more?: ReactNode;
  add?: { verb: string; options?: string[]; act: (name: string) => Promise<unknown> };
  remove?: (name: string) => Promise<unknown>;
  /** What that is called. */
  removeVerb?: string;
};

export function Ties({ title, names, link, none, more, add, remove, removeVerb }: Props) {
  const id = useId();
  const untie = removeVerb ?? "Detach";
  const [dialog, setDialog] = useState<{ untie: string } | "add" | null>(null);
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {add ? (
          <button type="button" className="button quiet end" onClick={() => setDialog("add")}>
            <Icon name="plus" />
            {add.verb}
          </button>
        ) : null}
      </div>
      {names.length === 0 ? <Empty title={none} /> : null}
      <ul className="ties">
        {names.map((name) => (
          <li key={name}>
            <span>{link(name)}</span>
            {remove ? (
              <button
                type="button"
                className="button quiet"
                aria-label={`${untie} ${name}`}
                onClick={() => setDialog({ untie: name })}
              >
                {untie} …
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {more ? <p className="muted panel-body">{more}</p> : null}
      {dialog === "add" && add ? (
        <ActionDialog
          title={add.verb}
          verb="Attach"
          onClose={() => setDialog(null)}
          act={(field) => add.act(field("name"))}
        >
          <Field name="name" label="Name" required {...(add.options ? { options: add.options } : {})} />
        </ActionDialog>
      ) : null}
      {dialog && dialog !== "add" && remove ? (
        <ActionDialog
          title={`${untie} ${dialog.untie}?`}
          verb={untie}
          dangerous
          onClose={() => setDialog(null)}
          act={() => remove(dialog.untie)}
        >
          <p>Connections that rely on it lose what it allows within a second.</p>
        </ActionDialog>
      ) : null}
    </section>
  );
}
