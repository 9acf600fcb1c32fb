// Notification topics and who is told.
import { queryOptions } from "@tanstack/react-query";
import { call } from "./client";
import { queryClient } from "./queries";
import type { TopicList } from "./response-types";

const part = encodeURIComponent;

export const topicsQuery = queryOptions({
  queryKey: ["notification-topics"],
  queryFn: ({ signal }) => call<TopicList>("GET", "/notification-topics", undefined, signal),
  refetchInterval: 3_000,
});

async function change(work: Promise<unknown>): Promise<void> {
  await work;
  await queryClient.invalidateQueries({ queryKey: ["notification-topics"] });
}

const topic = (name: string) => `/notification-topics/${part(name)}`;

export const createTopic = (name: string) => change(call("POST", "/notification-topics", { name }));
export const deleteTopic = (name: string) => change(call("DELETE", topic(name)));
export const subscribe = (name: string, body: { protocol: string; endpoint: string }) =>
  change(call("POST", `${topic(name)}/subscriptions`, body));
export const unsubscribe = (name: string, id: string) =>
  change(call("DELETE", `${topic(name)}/subscriptions/${part(id)}`));
export const sendTest = (name: string) => change(call("POST", `${topic(name)}/test`));
