// Mitigation: what was done, and what can be.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { actionsQuery, deleteAction, tasksQuery } from "../api/mitigation";
import type { MitigationAction } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { NewButton } from "../components/EntryActions";
import { ListPage, Table } from "../components/ListPage";
import { Segments } from "../components/Segments";
import { count, dateTime } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { ActionForm } from "../mitigation/ActionForm";
import { ACTION_TYPES, summaryOf } from "../mitigation/action-types";
import { RunStatus } from "../mitigation/status";

const route = getRouteApi("/mitigation");

const VIEWS = [
  { value: "tasks", text: "Tasks" },
  { value: "actions", text: "Actions" },
] as const;

export function Mitigation() {
  const { view = "tasks" } = route.useSearch();
  const navigate = route.useNavigate();
  const choice = (
    <Segments
      label="What is shown"
      options={VIEWS}
      value={view}
      onChange={(value) => void navigate({ search: { view: value } })}
    />
  );
  return view === "tasks" ? <Tasks choice={choice} /> : <Actions choice={choice} />;
}

function Tasks({ choice }: { choice: ReactNode }) {
  const { data, error, refetch } = useQuery(tasksQuery);
  return (
    <ListPage
      title="Mitigation"
      what="tasks"
      aside={choice}
      error={error}
      retry={() => void refetch()}
      rows={data?.tasks.length}
      empty={{
        title: "Nothing was mitigated yet",
        text: (
          <>
            Choose <Link to="/alarms">alarms</Link> and press “Mitigate” to plan it.
          </>
        ),
      }}
    >
      <Table columns={["Started", "Status", "Actions", "On", "By", "Done", "Skipped", "Failed"]}>
        {data?.tasks.map((task) => (
          <tr key={task.id}>
            <td className="number nowrap">
              <Link to="/mitigation/tasks/$id" params={{ id: task.id }}>
                {dateTime(task.started_ms)}
              </Link>
            </td>
            <td>
              <RunStatus status={task.status} />
            </td>
            <td>{task.actions.join(", ")}</td>
            <td>{task.kind === "detect" ? "alarms" : "findings"}</td>
            <td>
              {task.by ?? "–"} {task.note ? <span className="muted">{task.note}</span> : null}
            </td>
            <td className="number">{count(task.executed)}</td>
            <td className="number">{count(task.skipped)}</td>
            <td className={task.failed > 0 ? "number text-bad" : "number"}>{count(task.failed)}</td>
          </tr>
        ))}
      </Table>
    </ListPage>
  );
}

type Asked = { what: "new" } | { what: "edit" | "delete"; action: MitigationAction };

function Actions({ choice }: { choice: ReactNode }) {
  const { data, error, refetch } = useQuery(actionsQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  const isAdmin = useIsAdmin();
  return (
    <>
      <ListPage
        title="Mitigation"
        what="actions"
        aside={choice}
        error={error}
        retry={() => void refetch()}
        rows={data?.actions.length}
        empty={{
          title: "There are no mitigation actions",
          text: "An action says what may be done to devices in alarm. It does nothing until it is part of a plan.",
        }}
        actions={
          isAdmin ? (
            <NewButton text="New action" onClick={() => setAsked({ what: "new" })} />
          ) : (
            <span className="muted">Changes need the role admin.</span>
          )
        }
      >
        <Table columns={["Name", "What it does", "With", "Created", ...(isAdmin ? [""] : [])]}>
          {data?.actions.map((action) => (
            <tr key={action.name}>
              <td>{action.name}</td>
              <td>{ACTION_TYPES[action.type]?.title ?? action.type}</td>
              <td className="mono">{summaryOf(action) || "–"}</td>
              <td className="number nowrap muted">{dateTime(action.created_ms)}</td>
              {isAdmin ? (
                <td className="nowrap right">
                  <button
                    type="button"
                    className="button quiet"
                    aria-label={`Edit ${action.name}`}
                    onClick={() => setAsked({ what: "edit", action })}
                  >
                    Edit …
                  </button>
                  <button
                    type="button"
                    className="button quiet"
                    aria-label={`Delete ${action.name}`}
                    onClick={() => setAsked({ what: "delete", action })}
                  >
                    Delete …
                  </button>
                </td>
              ) : null}
            </tr>
          ))}
        </Table>
      </ListPage>
      {asked?.what === "new" ? <ActionForm onClose={() => setAsked(null)} /> : null}
      {asked?.what === "edit" ? <ActionForm action={asked.action} onClose={() => setAsked(null)} /> : null}
      {asked?.what === "delete" ? (
        <ActionDialog
          title={`Delete ${asked.action.name}?`}
          verb="Delete"
          dangerous
          onClose={() => setAsked(null)}
          act={() => deleteAction(asked.action.name)}
        >
          <p>Tasks that it was part of keep what they did.</p>
        </ActionDialog>
      ) : null}
    </>
  );
}
