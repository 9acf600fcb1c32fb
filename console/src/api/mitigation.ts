// Mitigation: actions, plans that change nothing, and tasks that do.
import { queryOptions } from "@tanstack/react-query";
import { call } from "./client";
import { queryClient } from "./queries";
import type {
  MitigationActionChange,
  MitigationActionList,
  MitigationPlan,
  MitigationPlanRequest,
  MitigationTaskDetail,
  MitigationTaskList,
  NewMitigationAction,
  NewMitigationTask,
  StartedMitigationTask,
} from "./types.gen";

const part = encodeURIComponent;
/** How many alarms and actions one plan takes. */
export const PLAN_ALARMS_MAX = 25;
export const PLAN_ACTIONS_MAX = 5;

export const actionsQuery = queryOptions({
  queryKey: ["mitigation-actions"],
  queryFn: ({ signal }) => call<MitigationActionList>("GET", "/mitigation-actions", undefined, signal),
  refetchInterval: 15_000,
});

async function changeActions(work: Promise<unknown>): Promise<void> {
  await work;
  await queryClient.invalidateQueries({ queryKey: ["mitigation-actions"] });
}
export const createAction = (body: NewMitigationAction) =>
  changeActions(call("POST", "/mitigation-actions", body));
export const changeAction = (name: string, body: MitigationActionChange) =>
  changeActions(call("PUT", `/mitigation-actions/${part(name)}`, body));
export const deleteAction = (name: string) =>
  changeActions(call("DELETE", `/mitigation-actions/${part(name)}`));

/** What the actions would do now. Asked each time it is shown, as the fleet changes. */
export const planQuery = (request: MitigationPlanRequest) =>
  queryOptions({
    queryKey: ["mitigation-plan", request],
    queryFn: ({ signal }) => call<MitigationPlan>("POST", "/mitigation-plan", request, signal),
    staleTime: 0,
    gcTime: 0,
    retry: false,
    refetchInterval: ({ state }) => (state.status === "error" ? 5_000 : false),
  });

export const tasksQuery = queryOptions({
  queryKey: ["mitigation-tasks"],
  queryFn: ({ signal }) => call<MitigationTaskList>("GET", "/mitigation-tasks", undefined, signal),
  refetchInterval: 3_000,
});

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ["mitigation-task", id],
    queryFn: ({ signal }) =>
      call<MitigationTaskDetail>("GET", `/mitigation-tasks/${part(id)}`, undefined, signal),
    refetchInterval: ({ state }) => (state.data && state.data.task.status !== "IN_PROGRESS" ? false : 1_000),
  });

export async function startTask(request: NewMitigationTask): Promise<string> {
  const { task_id } = await call<StartedMitigationTask>("POST", "/mitigation-tasks", request);
  await queryClient.invalidateQueries({ queryKey: ["mitigation-tasks"] });
  return task_id;
}

export async function cancelTask(id: string): Promise<void> {
  await call("POST", `/mitigation-tasks/${part(id)}/cancel`);
  await queryClient.invalidateQueries({ queryKey: ["mitigation-task", id] });
  await queryClient.invalidateQueries({ queryKey: ["mitigation-tasks"] });
}
