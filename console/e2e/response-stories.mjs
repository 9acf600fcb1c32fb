// What is done about alarms: verifying, mitigating, notifying. Each look makes its own entries.
import assert from "node:assert/strict";
import { go } from "./navigate.mjs";

const dialog = (page) => page.getByRole("dialog");
const list = (page) => page.getByRole("region", { name: "List of alarms" });
const toast = (page) => page.locator(".toast");

async function goToAlarms(page) {
  await go(page, "Alarms");
  await page.getByRole("heading", { name: "Alarms", exact: true }).waitFor();
  await list(page).waitFor();
}

async function alarmIsVerifiedByKeysAndUndone({ page, seen, settings }) {
  await goToAlarms(page);
  if (!settings.expectAlarm) return;
  await list(page).locator(".alarm-row").first().waitFor();
  await page.keyboard.press("j");
  await page.locator(".alarm-row:focus").waitFor();
  const name = await page.locator(".alarm-row:focus").getByRole("checkbox").getAttribute("aria-label");
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor({ state: "detached" });
  await page.keyboard.press("v");
  await dialog(page).getByText("True positive").waitFor();
  await dialog(page)
    .getByRole("radio", { name: /Benign positive/ })
    .check();
  await dialog(page).getByLabel("Note").fill("The ward tests its pumps on Thursdays.");
  await seen("alarm-verify");
  await dialog(page).getByRole("button", { name: "Verify" }).click();
  await toast(page)
    .getByText(/verified: Benign positive/)
    .waitFor();
  // The focus is where it was.
  await page.locator(".alarm-row:focus").waitFor();
  const row = list(page)
    .locator(".alarm-row")
    .filter({ has: page.getByRole("checkbox", { name, exact: true }) });
  const badge = row.getByText("Benign positive", { exact: true });
  await badge.waitFor();
  await seen("alarms-verified");
  await page.keyboard.press("z");
  await toast(page).getByText("Taken back.").waitFor();
  await badge.waitFor({ state: "detached" });
}

async function alarmsAreVerifiedInBulkAndUndone({ page, seen, settings }) {
  await goToAlarms(page);
  if (!settings.expectAlarm) return;
  await list(page).getByRole("checkbox").first().check();
  await page.getByText(/\d+ selected/).waitFor();
  await page.getByRole("button", { name: "Verify …" }).click();
  await dialog(page)
    .getByRole("radio", { name: /False positive/ })
    .check();
  await dialog(page).getByRole("button", { name: "Verify" }).click();
  await toast(page)
    .getByText(/verified: False positive/)
    .waitFor();
  // On a phone the filters are behind a button.
  const filters = page.getByRole("button", { name: "Filters", exact: true });
  if (await filters.isVisible()) await filters.click();
  await page.getByLabel("Verified as").selectOption("FALSE_POSITIVE");
  await page.waitForURL(/verification=FALSE_POSITIVE/);
  await list(page).getByText("False positive", { exact: true }).first().waitFor();
  await seen("alarms-bulk");
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await toast(page).getByText("Taken back.").waitFor();
  await list(page).getByText("No alarm that fits the filters is active").waitFor();
  await seen("alarms-none");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await list(page).locator(".alarm-row").first().waitFor();
}

async function alarmHasItsOwnPage({ page, seen, settings }) {
  await goToAlarms(page);
  if (!settings.expectAlarm) return;
  await list(page).locator(".alarm-row").first().waitFor();
  await page.keyboard.press("j");
  await page.locator(".alarm-row:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/alarms\/[0-9a-f]{32}/);
  await page.getByRole("heading", { name: "Datapoints" }).waitFor();
  await page.getByText("Alarm raised").waitFor();
  await page.getByText("Definition", { exact: true }).click();
  await page.locator(".code-block").waitFor();
  await seen("alarm");
  await page.keyboard.press("v");
  await dialog(page).getByText("True positive").waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
}

async function actionIsMade({ page, seen, look }) {
  await go(page, "Mitigation");
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.waitForURL(/view=actions/);
  await page.getByRole("button", { name: "New action" }).click();
  await dialog(page).getByLabel("Name").fill(`isolate-${look}`);
  await dialog(page).getByLabel("Groups", { exact: true }).fill(`ward-${look}`);
  await seen("action-new");
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("button", { name: `Edit isolate-${look}`, exact: true }).click();
  await dialog(page).getByLabel("Make room").check();
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText(`ward-${look}, leaving dynamic groups to make room`).waitFor();
  await page.getByRole("button", { name: "New action" }).click();
  await dialog(page).getByLabel("Name").fill(`cut-off-${look}`);
  await dialog(page).getByLabel("What it does").selectOption("UPDATE_DEVICE_CERTIFICATE");
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("cell", { name: `cut-off-${look}`, exact: true }).waitFor();
  await seen("actions");
}

/** What goes inactive is said before it is started, and has to be approved by itself. It is not started. */
async function cuttingOffIsAskedTwice(page, seen, look) {
  await page.getByRole("checkbox", { name: new RegExp(`^cut-off-${look}`) }).check();
  await page.locator(".plan .step").getByText(`cut-off-${look}`).first().waitFor();
  if (await page.getByText(/of them go inactive/).isVisible()) {
    await page.getByRole("button", { name: "Approve and start …" }).click();
    await dialog(page).getByRole("button", { name: "Start" }).click();
    const approval = dialog(page).getByRole("checkbox", { name: /certificates? goe?s? inactive/ });
    assert.equal(await approval.evaluate((box) => box.validity.valueMissing), true);
    await seen("mitigation-cut-off");
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    await dialog(page).waitFor({ state: "detached" });
  }
  await page.getByRole("checkbox", { name: new RegExp(`^cut-off-${look}`) }).uncheck();
  await page.locator(".plan .step").getByText(`cut-off-${look}`).waitFor({ state: "detached" });
}

async function alarmIsMitigated({ page, seen, look, settings }) {
  await goToAlarms(page);
  if (!settings.expectAlarm) return;
  await list(page).locator(".alarm-row").first().waitFor();
  await page.keyboard.press("j");
  await page.locator(".alarm-row:focus").waitFor();
  await page.keyboard.press("m");
  await page.getByRole("heading", { name: "Plan a mitigation" }).waitFor();
  await page.getByRole("checkbox", { name: new RegExp(`^isolate-${look}`) }).check();
  await page.waitForURL(/actions=isolate/);
  await page.locator(".plan .step").first().waitFor();
  await page.locator(".changes").first().waitFor();
  await cuttingOffIsAskedTwice(page, seen, look);
  await page.locator(".changes").first().waitFor();
  await seen("mitigation-plan");
  await page.getByRole("button", { name: "Approve and start …" }).click();
  await dialog(page).getByLabel("Why").fill("A port was opened by hand.");
  await seen("mitigation-approval");
  await dialog(page).getByRole("button", { name: "Start" }).click();
  await page.getByRole("heading", { name: "Mitigation task" }).waitFor();
  await page.getByText("Done", { exact: true }).first().waitFor({ timeout: 30_000 });
  await page
    .getByRole("cell", { name: new RegExp(`isolate-${look}`) })
    .first()
    .waitFor();
  await seen("mitigation-task");
  await go(page, "Mitigation");
  await page.getByRole("cell", { name: `isolate-${look}` }).waitFor();
  await seen("mitigation-tasks");
}

async function topicTellsItsSubscribers({ page, seen, look }) {
  await go(page, "Notifications");
  await page.getByRole("button", { name: "New topic" }).click();
  await dialog(page).getByLabel("Name").fill(`ops-${look}`);
  await dialog(page).getByRole("button", { name: "Create" }).click();
  const topic = page.getByRole("region", { name: `ops-${look}`, exact: true });
  await topic.getByText("Nobody is told").waitFor();
  await topic.getByRole("button", { name: "Subscribe …" }).click();
  await dialog(page).getByRole("button", { name: "Email" }).click();
  await dialog(page).getByLabel("Mailbox").waitFor();
  await dialog(page).getByRole("button", { name: "MQTT" }).click();
  await dialog(page).getByLabel("Topic").fill(`ops/${look}/alarms`);
  await seen("subscription-new");
  await dialog(page).getByRole("button", { name: "Subscribe", exact: true }).click();
  await topic.getByText("confirmed", { exact: true }).waitFor();
  await topic.getByRole("button", { name: "Send a test" }).click();
  await toast(page)
    .getByText(/test message is on its way/)
    .waitFor();
  const delivered = topic.getByRole("row").nth(1).getByRole("cell").nth(3);
  await delivered.getByText("1", { exact: true }).waitFor({ timeout: 20_000 });
  await seen("notifications");
  await topic.getByRole("button", { name: "Subscribe …" }).click();
  await dialog(page).getByRole("button", { name: "Webhook" }).click();
  await dialog(page).getByLabel("Address").fill("https://receiver.invalid/alarms");
  await dialog(page).getByRole("button", { name: "Subscribe", exact: true }).click();
  await dialog(page).getByLabel("Secret").waitFor();
  await seen("subscription-secret");
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await topic.getByText("https://receiver.invalid/alarms").waitFor();
  await topic.getByRole("button", { name: "Unsubscribe https://receiver.invalid/alarms" }).click();
  await dialog(page).getByRole("button", { name: "Unsubscribe" }).click();
  await topic.getByRole("button", { name: `Unsubscribe ops/${look}/alarms` }).click();
  await dialog(page).getByRole("button", { name: "Unsubscribe" }).click();
  await topic.getByText("Nobody is told").waitFor();
  await topic.getByRole("button", { name: `Delete ops-${look}` }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await topic.waitFor({ state: "detached" });
}

async function unknownAlarmIsSaid({ page, seen, settings, allow }) {
  await allow(/status of 404/, async () => {
    await page.goto(`${settings.url}/alarms/${"f".repeat(32)}`);
    await page.getByText("There is no such alarm").waitFor();
  });
  await seen("alarm-unknown");
  await goToAlarms(page);
  assert.match(page.url(), /\/alarms$/);
}

export const responseStories = {
  "an alarm is verified by keys and that is undone": alarmIsVerifiedByKeysAndUndone,
  "alarms are verified in bulk and that is undone": alarmsAreVerifiedInBulkAndUndone,
  "an alarm has a page of its own": alarmHasItsOwnPage,
  "a mitigation action is made": actionIsMade,
  "an alarm is mitigated by a plan that is approved": alarmIsMitigated,
  "a topic tells its subscribers": topicTellsItsSubscribers,
  "an unknown alarm is said to be unknown": unknownAlarmIsSaid,
};
