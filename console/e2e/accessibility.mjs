// axe on the page as it stands.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Fails if axe finds a violation that it calls serious or critical. A dark look differs from the light one of
 * the same width in its colours alone, so only those are looked at there.
 */
export async function checkAccessibility(page, name, look) {
  const options = { resultTypes: ["violations"] };
  if (look.colorScheme === "dark") options.runOnly = ["color-contrast"];
  // By the debugger, as the page's own policy lets no foreign script in.
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(source);
  const { violations } = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  const grave = violations.filter((one) => one.impact === "serious" || one.impact === "critical");
  if (grave.length === 0) return;
  const lines = grave.map(
    (one) =>
      `${one.id}: ${one.help}\n    ${one.nodes
        .map((node) => node.html)
        .slice(0, 4)
        .join("\n    ")}`,
  );
  throw new Error(`axe on ${name}:\n  ${lines.join("\n  ")}`);
}
