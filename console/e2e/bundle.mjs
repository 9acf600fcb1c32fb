// The archive of a new device, as a technician uses it: unpacked, and the first command of its README run.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { go } from "./navigate.mjs";

/** Saves the archive and unpacks it; the folder with its files. */
export async function saveBundle(page, archive) {
  const saved = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: archive }).click();
  const download = await saved;
  assert.equal(download.suggestedFilename(), archive);
  const parent = await mkdtemp(join(tmpdir(), "picket-bundle-"));
  const files = unzipSync(await readFile(await download.path()));
  for (const [name, content] of Object.entries(files)) {
    const path = join(parent, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o600 });
  }
  return join(parent, archive.replace(/\.zip$/, ""));
}

/** Follows the thing's topics, and sends what the README says, as it says it. */
export async function bundleConnects(page, thing, folder) {
  const readme = await readFile(join(folder, "README.md"), "utf8");
  const command = readme.split("\n").find((line) => line.trim().startsWith("mosquitto_pub"));
  assert.ok(command, readme);
  await go(page, "MQTT client");
  await page.getByRole("textbox", { name: "Topic filter" }).fill(`things/${thing}/#`);
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await page.getByText("following", { exact: true }).waitFor();
  await promisify(execFile)("sh", ["-c", command.trim()], { cwd: folder, timeout: 60_000 });
  const messages = page.getByRole("list", { name: "Messages, newest first" });
  await messages.getByText(`things/${thing}/hello`).waitFor();
  await messages.getByText(thing, { exact: true }).waitFor();
  await rm(dirname(folder), { recursive: true });
}
