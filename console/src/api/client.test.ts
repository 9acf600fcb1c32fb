import { afterEach, expect, test, vi } from "vitest";
import { ApiError, callWithProgress } from "./client";

afterEach(() => vi.unstubAllGlobals());

/** A server that sends `parts`, however they are cut. */
function answering(...parts: string[]) {
  const body = new ReadableStream({
    start(stream) {
      for (const part of parts) stream.enqueue(new TextEncoder().encode(part));
      stream.close();
    },
  });
  vi.stubGlobal("fetch", async () => new Response(body));
}

const ask = (onProgress = (_: unknown) => {}) =>
  callWithProgress<unknown>("/x", {}, new AbortController().signal, onProgress);

test("an answer in lines tells how far it has come, wherever its lines are cut", async () => {
  answering('{"progress":{"done":1,"all":4}}\n{"progr', 'ess":{"done":3,"all":4}}\n', '{"result":{"a":"ü"}}');
  const told: unknown[] = [];
  expect(await ask((progress) => told.push(progress))).toEqual({ a: "ü" });
  expect(told).toEqual([
    { done: 1, all: 4 },
    { done: 3, all: 4 },
  ]);
});

test("an error in the last line is one", async () => {
  answering('{"progress":{"done":1,"all":4}}\n', '{"error":{"message":"no such metric"}}\n');
  await expect(ask()).rejects.toThrow("no such metric");
});

test("an answer that breaks off is an error", async () => {
  answering('{"progress":{"done":1,"all":4}}\n');
  await expect(ask()).rejects.toThrow(ApiError);
});
