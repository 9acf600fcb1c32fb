import { afterEach, expect, test, vi } from "vitest";
import { currentToast, undoNewest } from "../lib/undo";
import { verify } from "./verification";

type Sent = Array<{ id: string; state: string; description?: string }>;

/** Answers verifications as the server would; `fate` says what is wrong with an id. */
function serverWith(fate: (id: string) => string | null, failsAt = Number.POSITIVE_INFINITY): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (_: string, request: RequestInit) => {
    if (sent.length >= failsAt) throw new TypeError("network");
    const { verifications } = JSON.parse(String(request.body)) as { verifications: Sent };
    sent.push(verifications);
    return Response.json({ results: verifications.map(({ id }) => ({ id, error: fate(id) })) });
  });
  return sent;
}

const alarms = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    id: String(n),
    thing: `pump-${n}`,
    behavior: "ports",
    verification:
      n === 0
        ? { state: "TRUE_POSITIVE" as const, description: "seen before", by: "ana", at_ms: 1 }
        : { state: "UNKNOWN" as const, description: null, by: null, at_ms: null },
  }));

afterEach(() => vi.unstubAllGlobals());

test("many are verified in parts of a hundred, and an undo restores each one's state and note", async () => {
  const sent = serverWith(() => null);
  await verify(alarms(250), "FALSE_POSITIVE", "a drill");
  expect(sent.map((part) => part.length)).toEqual([100, 100, 50]);
  expect(sent[0]?.[7]).toEqual({ id: "7", state: "FALSE_POSITIVE", description: "a drill" });
  expect(currentToast()?.text).toBe("250 alarms verified: False positive.");
  await undoNewest();
  expect(sent).toHaveLength(6);
  expect(sent[3]?.slice(0, 2)).toEqual([
    { id: "0", state: "TRUE_POSITIVE", description: "seen before" },
    { id: "1", state: "UNKNOWN" },
  ]);
});

test("those that are gone are said, and an undo leaves them alone", async () => {
  const sent = serverWith((id) => (id === "1" ? "violation 1 not found" : null));
  await verify(alarms(3), "BENIGN_POSITIVE", "");
  expect(currentToast()?.text).toBe(
    "2 alarms verified: Benign positive. 1 could not be: violation 1 not found",
  );
  await undoNewest();
  expect(sent[1]?.map(({ id }) => id)).toEqual(["0", "2"]);
});

test("what got through before the server was lost can be undone", async () => {
  serverWith(() => null, 1);
  await verify(alarms(150), "BENIGN_POSITIVE", "");
  expect(currentToast()?.text).toMatch(
    /^100 alarms verified.* 50 could not be: The server cannot be reached/,
  );
});

test("a verification that worked for none is an error", async () => {
  serverWith(() => null, 0);
  await expect(verify(alarms(2), "TRUE_POSITIVE", "")).rejects.toThrow("The server cannot be reached");
});
