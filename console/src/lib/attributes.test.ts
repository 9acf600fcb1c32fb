import { describe, expect, it } from "vitest";
import { readAttributes, writeAttributes } from "./attributes";

describe("attributes", () => {
  it("are read from pairs with blanks between them", () => {
    expect(readAttributes("  site=west\nfloor=3  url=a=b ")).toEqual({
      site: "west",
      floor: "3",
      url: "a=b",
    });
    expect(readAttributes("")).toEqual({});
  });

  it("are written so that they can be read again", () => {
    const written = writeAttributes([
      { name: "site", value: "west" },
      { name: "range", value: "1,2" },
    ]);
    expect(readAttributes(written)).toEqual({ site: "west", range: "1,2" });
  });

  it("name what is wrong with them", () => {
    expect(() => readAttributes("site=west floor")).toThrow('"floor" is not written name=value');
    expect(() => readAttributes("=x")).toThrow("name=value");
    expect(() => readAttributes("a=1 a=2")).toThrow('"a" is there twice');
  });
});
