import { execFileSync } from "node:child_process";
import { test } from "vitest";

test("the types are those of the server's OpenAPI document", () => {
  execFileSync("node", ["scripts/generate-api-types.mjs", "--check"]);
});
