import { expect, test } from "vitest";
import { keeping, retainedOf } from "./document";
import { laidOut, typed } from "./draft";

const before = { document: { behaviors: [] }, text: laidOut({ behaviors: [] }), unreadable: null };

test("JSON that reads becomes the document", () => {
  const after = typed(before, '{"behaviors": [{"name": "a"}]}');
  expect(after).toMatchObject({ document: { behaviors: [{ name: "a" }] }, unreadable: null });
});

test("JSON that does not read leaves the document, and says why", () => {
  for (const text of ['{"behaviors": [', "[]", "null", '"x"', ""]) {
    const after = typed(before, text);
    expect(after.document).toBe(before.document);
    expect(after.text).toBe(text);
    expect(after.unreadable).not.toBeNull();
  }
});

test("a behavior's metric is kept once", () => {
  const dimension = { dimensionName: "d", operator: "NOT_IN" };
  const document = { behaviors: [{ name: "a", metric: "m", metricDimension: dimension }] };
  const kept = keeping(document, "a");
  expect(retainedOf(kept)).toEqual([
    { metric: "m", dimension: "d", operator: "NOT_IN", exportMetric: false },
  ]);
  expect(keeping(kept, "a")).toBe(kept);
  expect(keeping(document, "none")).toBe(document);
});
