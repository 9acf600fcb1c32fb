// What administrators do with the entries of a list: the same buttons and questions everywhere.
import { ActionDialog } from "./ActionDialog";
import { Icon } from "./Icon";
import { UsedBy } from "./UsedBy";

/** Begins a new entry; beside the list's heading. */
export function NewButton({ text, onClick }: { text: string; onClick: () => void }) {
  return (
    <button type="button" className="button primary" onClick={onClick}>
      <Icon name="plus" />
      {text}
    </button>
  );
}

type RowProps = { name: string; onEdit: () => void; onDelete: () => void };

/** At the end of an entry's row. */
export function EditAndDelete({ name, onEdit, onDelete }: RowProps) {
  return (
    <>
      <button type="button" className="button quiet" aria-label={`Edit ${name}`} onClick={onEdit}>
        Edit …
      </button>
      <button type="button" className="button quiet" aria-label={`Delete ${name}`} onClick={onDelete}>
        Delete …
      </button>
    </>
  );
}

type DeleteProps = {
  name: string;
  /** Profiles that use it: as long as there are some, it stays. */
  users: string[];
  /** What follows where nobody does. */
  consequence: string;
  act: () => Promise<unknown>;
  onClose: () => void;
};

export function DeleteUnused({ name, users, consequence, act, onClose }: DeleteProps) {
  return (
    <ActionDialog title={`Delete ${name}?`} verb="Delete" dangerous onClose={onClose} act={act}>
      {users.length > 0 ? (
        <p>
          It is used by <UsedBy profiles={users} />, so it cannot be deleted yet.
        </p>
      ) : (
        <p>{consequence}</p>
      )}
    </ActionDialog>
  );
}
