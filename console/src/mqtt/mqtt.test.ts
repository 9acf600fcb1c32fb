import { expect, test } from "vitest";
import type { MqttMessage } from "../api/types.gen";
import { type Row, received, released } from "./messages";
import { payloadText, prettyJson } from "./payload";

const MESSAGE: MqttMessage = {
  topic: "wards/1",
  payload_text: "",
  payload_base64: "",
  qos: 0,
  retain: false,
  client_id: null,
  at_ms: 0,
  dropped: 0,
};
const row = (key: number, dropped = 0): Row => ({ ...MESSAGE, key, dropped });
const keys = (rows: Row[]) => rows.map(({ key }) => key);

test("JSON is laid out, and what is none stays as it came", () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect([prettyJson("21.5"), prettyJson("{no"), prettyJson("text")]).toEqual([null, null, null]);
  expect(payloadText({ ...MESSAGE, payload_text: "{no" }, true)).toBe("{no");
  expect(payloadText({ ...MESSAGE, payload_text: '{"a":1}' }, false)).toBe('{"a":1}');
  expect(payloadText({ ...MESSAGE, payload_text: null, payload_base64: "/wA=" }, true)).toContain("/wA=");
  expect(payloadText(MESSAGE, true)).toBe("(empty)");
});

test("a halted list stays as it is, and takes what came meanwhile when it goes on", () => {
  let held = received({ rows: [], late: [], dropped: 0 }, row(1), false);
  held = received(held, row(2, 5), true);
  held = received(held, row(3), true);
  expect([keys(held.rows), keys(held.late), held.dropped]).toEqual([[1], [3, 2], 5]);
  expect(keys(released(held).rows)).toEqual([3, 2, 1]);
});

test("the newest messages stay", () => {
  let held = { rows: [] as Row[], late: [] as Row[], dropped: 0 };
  for (let key = 1; key <= 400; key += 1) held = received(held, row(key), false);
  expect([held.rows.length, held.rows[0]?.key]).toEqual([300, 400]);
});
