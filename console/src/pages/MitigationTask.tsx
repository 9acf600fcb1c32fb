// A mitigation task with its results, which come in while it runs.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { cancelTask, taskQuery } from "../api/mitigation";
import type { MitigationExecution as Execution, MitigationTask as Task } from "../api/types.gen";
import { ActionDialog } from "../components/ActionDialog";
import { Table } from "../components/ListPage";
import { NotLoaded } from "../components/NotLoaded";
import { ThingLink } from "../components/RegistryLinks";
import { Empty, Stale } from "../components/StateViews";
import { count, dateTime, duration } from "../lib/format";
import { useIsAdmin } from "../lib/role";
import { Changes } from "../mitigation/Changes";
import { RunStatus } from "../mitigation/status";

const route = getRouteApi("/mitigation/tasks/$id");

export function MitigationTask() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(taskQuery(id));
  if (data) {
    return (
      <div className="page">
        <div className="page-head">
          <h1>Mitigation task</h1>
          <RunStatus status={data.task.status} />
          {data.task.status === "IN_PROGRESS" ? <Cancel id={id} /> : null}
        </div>
        <Stale error={error} />
        <Facts task={data.task} />
        <Results task={data.task} executions={data.executions} />
        {data.truncated ? (
          <p className="muted">Only the first {count(data.executions.length)} results are shown.</p>
        ) : null}
      </div>
    );
  }
  return (
    <NotLoaded
      title="Mitigation task"
      what="the task"
      error={error}
      retry={() => void refetch()}
      gone={{
        title: "There is no such task",
        children: (
          <>
            Tasks are kept for 90 days. <Link to="/mitigation">All tasks</Link>
          </>
        ),
      }}
    />
  );
}

function Cancel({ id }: { id: string }) {
  const [isAsked, setAsked] = useState(false);
  const isAdmin = useIsAdmin();
  if (!isAdmin) return <span className="end muted">Canceling needs the role admin.</span>;
  return (
    <div className="end">
      <button type="button" className="button danger" onClick={() => setAsked(true)}>
        Cancel the task …
      </button>
      {isAsked ? (
        <ActionDialog
          title="Cancel the task?"
          verb="Cancel the task"
          dangerous
          onClose={() => setAsked(false)}
          act={() => cancelTask(id)}
        >
          <p>What it has not begun is left alone. What it has done stays.</p>
        </ActionDialog>
      ) : null}
    </div>
  );
}

function Facts({ task }: { task: Task }) {
  return (
    <section className="panel" aria-label="The task">
      <dl className="facts panel-body">
        <dt>Actions</dt>
        <dd>{task.actions.join(", ")}</dd>
        <dt>On</dt>
        <dd>{task.kind === "detect" ? "alarms" : "audit findings"}</dd>
        <dt>Approved by</dt>
        <dd>{task.by ?? "–"}</dd>
        {task.note ? (
          <>
            <dt>Why</dt>
            <dd className="note">{task.note}</dd>
          </>
        ) : null}
        <dt>Started</dt>
        <dd className="number">
          {dateTime(task.started_ms)}{" "}
          {task.ended_ms === null ? null : (
            <span className="muted">took {duration(task.ended_ms - task.started_ms)}</span>
          )}
        </dd>
        <dt>Results</dt>
        <dd className="number">
          <span role="status">
            {count(task.executed)} done, {count(task.skipped)} skipped,{" "}
            <span className={task.failed > 0 ? "text-bad" : ""}>{count(task.failed)} failed</span>
          </span>
        </dd>
        <dt>Id</dt>
        <dd className="mono">{task.id}</dd>
      </dl>
    </section>
  );
}

function Results({ task, executions }: { task: Task; executions: Execution[] }) {
  return (
    <section className="panel" aria-labelledby="results">
      <div className="panel-head">
        <h2 id="results">Results</h2>
        <span className="muted">{task.status === "IN_PROGRESS" ? "they come in while it runs" : ""}</span>
      </div>
      {executions.length === 0 ? (
        <Empty title={task.status === "IN_PROGRESS" ? "Nothing is done yet" : "Nothing was done"} />
      ) : (
        <Table columns={["Device", "Result", "Ended"]}>
          {executions.map((one) => (
            <tr key={`${one.violation_id ?? one.finding_id ?? ""} ${one.action}`}>
              <td>
                <Target execution={one} />
                <p>{one.action}</p>
              </td>
              <td>
                <RunStatus status={one.status} />
                {one.message ? (
                  <p className={one.status === "FAILED" ? "text-bad anywhere" : "muted anywhere"}>
                    {one.error_code ? `${one.error_code}: ` : ""}
                    {one.message}
                  </p>
                ) : null}
                <Changes changes={one.changes} did />
              </td>
              <td className="number nowrap muted">{one.ended_ms === null ? "–" : dateTime(one.ended_ms)}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function Target({ execution }: { execution: Execution }) {
  const { thing, violation_id, finding_id } = execution;
  return (
    <>
      {thing ? <ThingLink name={thing} /> : null}{" "}
      {violation_id ? (
        <Link className="muted" to="/alarms/$id" params={{ id: violation_id }}>
          alarm
        </Link>
      ) : null}
      {finding_id ? <span className="mono">{finding_id}</span> : null}
    </>
  );
}
