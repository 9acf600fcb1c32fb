import { expect, test } from "vitest";
import { csvCell, toCsv } from "./csv";

test("what a spreadsheet would run is made harmless", () => {
  for (const text of ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1", " =1"]) {
    expect(csvCell(text).replace(/^"/, ""), text).toMatch(/^'/);
  }
});

test("numbers stay numbers", () => {
  for (const text of ["-3", "+4.5", "1e9", "0"]) expect(csvCell(text)).toBe(text);
});

test("quotes, commas and line breaks are quoted", () => {
  expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
  expect(csvCell("a\nb")).toBe('"a\nb"');
});

test("a result is written with its columns in order and absent cells empty", () => {
  const csv = toCsv({
    fields: ["thing", "ports"],
    rows: [{ thing: "a", ports: ["22", "21"] }, { thing: "=b" }],
  });
  expect(csv).toBe('thing,ports\r\na,"22, 21"\r\n\'=b,\r\n');
});
