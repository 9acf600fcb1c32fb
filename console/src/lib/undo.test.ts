import { expect, test } from "vitest";
import { currentToast, dismiss, sayDone, undoNewest } from "./undo";

test("what was done is taken back once", async () => {
  const calls: string[] = [];
  sayDone("first", async () => void calls.push("first"));
  sayDone("second", async () => void calls.push("second"));
  await undoNewest();
  await undoNewest();
  expect(calls).toEqual(["second"]);
  expect(currentToast()?.text).toBe("Taken back.");
});

test("an undo that fails says why", async () => {
  sayDone("done", () => Promise.reject(new Error("the server cannot be reached")));
  await undoNewest();
  expect(currentToast()).toMatchObject({ tone: "bad", text: "the server cannot be reached" });
});

test("a toast that is not shown any more is not put away for another", () => {
  sayDone("old");
  const old = currentToast()?.id ?? 0;
  sayDone("new");
  dismiss(old);
  expect(currentToast()?.text).toBe("new");
  dismiss(currentToast()?.id ?? 0);
  expect(currentToast()).toBeNull();
});
