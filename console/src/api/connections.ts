// Questions about who is connected, and the test client's messages.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, errorOf, query } from "./client";
import { queryClient } from "./queries";
import type * as api from "./types.gen";

const part = encodeURIComponent;

export type ConnectionsFilter = {
  text?: string | undefined;
  connected?: boolean | undefined;
  after?: string | undefined;
};

export const connectionsQuery = (filter: ConnectionsFilter) =>
  queryOptions({
    queryKey: ["connections", filter],
    queryFn: ({ signal }) =>
      call<api.ConnectionList>("GET", `/connections${query({ ...filter, limit: 100 })}`, undefined, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 3_000,
  });

export const connectionQuery = (clientId: string) =>
  queryOptions({
    queryKey: ["connection", clientId],
    queryFn: ({ signal }) =>
      call<api.ConnectionDetail>("GET", `/connections/${part(clientId)}`, undefined, signal),
    refetchInterval: 3_000,
  });

export type LogFilter = {
  /** A part of the client id, of the thing's name or of the principal. */
  text?: string | undefined;
  kind?: api.ConnectionEvent["kind"] | undefined;
  /** `next` of the page before. */
  before?: string | undefined;
};

export const connectionLogQuery = (filter: LogFilter) =>
  queryOptions({
    queryKey: ["connection-log", filter],
    queryFn: ({ signal }) =>
      call<api.ConnectionLog>("GET", `/connection-log${query({ ...filter, limit: 100 })}`, undefined, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 3_000,
  });

export async function endConnection(clientId: string, cleanSession: boolean): Promise<void> {
  await call<void>("DELETE", `/connections/${part(clientId)}${query({ clean_session: cleanSession })}`);
  await queryClient.invalidateQueries({ queryKey: ["connections"] });
  await queryClient.invalidateQueries({ queryKey: ["connection", clientId] });
}

export const publishMqtt = (body: api.MqttPublish) => call<void>("POST", "/mqtt/messages", body);

/** Why the stream at `address` was refused; null if it would be let through by now. */
export async function refusalOf(address: string): Promise<string | null> {
  const answer = new AbortController();
  try {
    const response = await fetch(address, { signal: answer.signal });
    return response.ok ? null : (await errorOf(response)).message;
  } catch {
    return "The server cannot be reached.";
  } finally {
    answer.abort();
  }
}

/** The address of the stream of messages that match any of `filters`. */
export function messagesUrl(filters: string[]): string {
  return `/api/v1/mqtt/messages?${new URLSearchParams(filters.map((filter) => ["filter", filter]))}`;
}
