// Notification topics and who is told.
import { queryOptions } from "@tanstack/react-query";
import { call } from "./client";
import { queryClient } from "./queries";
import type * as api from "./types.gen";

const part = encodeURIComponent;

export const topicsQuery = queryOptions({
  queryKey: ["notification-topics"],
  queryFn: ({ signal }) => call<api.NotificationTopicList>("GET", "/notification-topics", undefined, signal),
  refetchInterval: 3_000,
});

export const undeliveredQuery = (name: string, id: string) =>
  queryOptions({
    queryKey: ["undelivered", name, id],
    queryFn: ({ signal }) =>
      call<api.UndeliveredList>(
        "GET",
        `${topic(name)}/subscriptions/${part(id)}/undelivered`,
        undefined,
        signal,
      ),
  });

async function change<T>(work: Promise<T>): Promise<T> {
  const answer = await work;
  await queryClient.invalidateQueries({ queryKey: ["notification-topics"] });
  return answer;
}

const topic = (name: string) => `/notification-topics/${part(name)}`;

export const createTopic = (name: string) => change(call("POST", "/notification-topics", { name }));
export const deleteTopic = (name: string) => change(call("DELETE", topic(name)));
export const subscribe = (name: string, body: api.NewSubscriptionRequest) =>
  change(call<api.NewSubscription>("POST", `${topic(name)}/subscriptions`, body));
export const unsubscribe = (name: string, id: string) =>
  change(call("DELETE", `${topic(name)}/subscriptions/${part(id)}`));
export const sendTest = (name: string) => change(call("POST", `${topic(name)}/test`));
