import { expect, test } from "vitest";
import { elementsIn, numberOr, together } from "./elements";
import { parts, placeOf } from "./place";
import { badElements, isWithin, problemsBeside } from "./problems";

const problems = [
  { path: "behaviors[1].criteria.value.ports[2]", problem: "is no port" },
  { path: "behaviors[1].criteria.durationSeconds", problem: "does not go with it" },
  { path: "behaviors[10].name", problem: "is missing" },
  { path: "", problem: "is not JSON" },
];

test("a problem is in its place and in what surrounds it", () => {
  expect(isWithin("behaviors[1].name", "behaviors[1]")).toBe(true);
  expect(isWithin("behaviors[10].name", "behaviors[1]")).toBe(false);
  expect(isWithin("names", "name")).toBe(false);
});

test("a problem that no field shows is shown beside them", () => {
  const beside = problemsBeside(problems, "behaviors[1]", ["behaviors[1].criteria.value"]);
  expect(beside.map((one) => one.problem)).toEqual(["does not go with it"]);
});

test("elements with a problem are found", () => {
  expect([...badElements(problems, "behaviors[1].criteria.value.ports")]).toEqual([2]);
});

const TEXT = `{
  "behaviors": [
    { "name": "a" },
    { "name": "ä", "criteria": { "value": { "ports": [22, 70000] } } }
  ]
}`;

test("a path leads to its place in the text", () => {
  const at = (path: string) => {
    const { from, to } = placeOf(TEXT, path);
    return TEXT.slice(from, to);
  };
  expect(at("behaviors[1].name")).toBe('"ä"');
  expect(at("behaviors[1].criteria.value.ports[1]")).toBe("70000");
  expect(at("behaviors[1].criteria")).toBe('"criteria"');
  expect(at("behaviors[1].criteria.durationSeconds")).toBe('"criteria"');
  expect(at("behaviors[7]")).toBe('"behaviors"');
  expect(at("")).toBe("{");
});

test("a text that is no JSON has places, too", () => {
  for (const text of ["", "{", '{"behaviors": [', '{"behaviors": [{"name": }]}', "[]"]) {
    const { from, to } = placeOf(text, "behaviors[0].name");
    expect(from).toBeLessThanOrEqual(to);
    expect(to).toBeLessThanOrEqual(text.length);
  }
});

test("a path is read in its parts", () => {
  expect(parts("behaviors[12].criteria.value")).toEqual(["behaviors", 12, "criteria", "value"]);
});

test("ports are read one by one, in ranges and pasted", () => {
  expect(elementsIn("ports", "22, 80;443\n8000-8002 x")).toEqual([22, 80, 443, 8000, 8001, 8002, "x"]);
  expect(elementsIn("ports", "9-1 1-65535")).toEqual(["9-1", "1-65535"]);
  expect(elementsIn("cidrs", "10.0.0.0/8 ::1")).toEqual(["10.0.0.0/8", "::1"]);
  expect(elementsIn("strings", "a b, c\n d ")).toEqual(["a b, c", "d"]);
  expect(elementsIn("numbers", "1 -2.5 1e3 z")).toEqual([1, -2.5, 1000, "z"]);
});

test("elements are not listed twice", () => {
  expect(together([22], [22, 80])).toEqual([22, 80]);
});

test("a number that is none stays as it was typed", () => {
  expect([numberOr("12"), numberOr(""), numberOr("1x"), numberOr("Infinity")]).toEqual([
    12,
    "",
    "1x",
    "Infinity",
  ]);
});
