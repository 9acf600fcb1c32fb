// What is expected of devices: writing profiles, trying them, and looking at metrics. Each look makes its
// own entries.
import assert from "node:assert/strict";
import { closed, go } from "./navigate.mjs";

const dialog = (page) => page.getByRole("dialog");
const heading = (page, name) => page.getByRole("heading", { name, exact: true });
const editor = (page) => page.getByRole("region", { name: "What is expected" });
const preview = (page) => page.getByRole("region", { name: "Had this profile been on" });

async function goToProfiles(page) {
  await go(page, "Profiles");
  await heading(page, "Security profiles").waitFor();
}

async function subPage(page, name) {
  await goToProfiles(page);
  await page.getByRole("navigation", { name: "What is expected" }).getByRole("link", { name }).click();
  await heading(page, name).waitFor();
}

async function dimensionIsMadeAndEdited({ page, seen, look }) {
  await subPage(page, "Dimensions");
  await page.getByRole("button", { name: "New dimension" }).click();
  await dialog(page).getByLabel("Name").fill(`wards-${look}`);
  await dialog(page)
    .getByLabel(/Topic filters/)
    .fill("wards/+/heat\n");
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByText(`wards-${look}`, { exact: true }).waitFor();
  await page.getByRole("button", { name: `Edit wards-${look}` }).click();
  await dialog(page)
    .getByLabel(/Topic filters/)
    .fill("wards/#/heat");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await dialog(page).getByRole("alert").waitFor();
  await seen("dimension-problem");
  await dialog(page)
    .getByLabel(/Topic filters/)
    .fill("wards/+/heat\nwards/+/cold");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText("wards/+/cold").first().waitFor();
  await seen("dimensions");
}

async function customMetricIsMade({ page, seen, look }) {
  await subPage(page, "Custom metrics");
  await page.getByRole("button", { name: "New custom metric" }).click();
  await dialog(page).getByLabel("Name", { exact: true }).fill(`battery-${look}`);
  await dialog(page).getByLabel("Type").selectOption("number");
  await dialog(page).getByLabel("Display name").fill("Battery in percent");
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByText(`battery-${look}`, { exact: true }).waitFor();
  await page.getByRole("button", { name: `Edit battery-${look}` }).click();
  await dialog(page).getByLabel("Display name").fill(`Battery of ${look}`);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText(`Battery of ${look}`).waitFor();
  await seen("custom-metrics");
}

async function profileIsWrittenAsAForm({ page, seen, look }) {
  await goToProfiles(page);
  await page.getByRole("link", { name: "New profile" }).click();
  await heading(page, "New profile").waitFor();
  const form = editor(page);
  await form.getByLabel("Name", { exact: true }).fill(`pumps-${look}`);
  await form.getByLabel("Description").fill("What a pump does.");
  await form.getByRole("button", { name: "Add a behavior" }).click();
  const behavior = form.locator(".open-behavior");
  await behavior.getByLabel("Metric", { exact: true }).selectOption("aws:listening-tcp-ports");
  // Only operators that fit the metric are offered.
  const operators = await behavior.getByLabel("A healthy device has").locator("option").allTextContents();
  assert.deepEqual(operators, ["only ports", "none of the ports"]);
  await behavior.getByLabel("Ports", { exact: true }).fill("22, 8883-8884 70000");
  await behavior.getByLabel("Ports", { exact: true }).press("Enter");
  await behavior.locator(".chip.bad").getByText("70000").waitFor();
  await behavior.locator(".problems").getByText(/port/).first().waitFor();
  await form.getByText("1 problem", { exact: true }).waitFor();
  await seen("profile-problem");
  assert.equal(await form.getByRole("button", { name: "Create" }).isDisabled(), true);
  await behavior.getByRole("button", { name: "Remove 70000" }).click();
  await form.getByText("In order", { exact: true }).waitFor();
  await form.getByRole("button", { name: "Create" }).click();
  await heading(page, `pumps-${look}`).waitFor();
  await preview(page).waitFor();
}

async function formAndJsonAreKeptInStep({ page, seen, look }) {
  const form = editor(page);
  await form.getByRole("button", { name: "JSON", exact: true }).click();
  const json = form.getByRole("textbox", { name: "Profile as JSON" });
  await json.waitFor();
  const write = async (document) => {
    await json.click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.insertText(document);
  };
  await write('{"behaviors": [');
  await form.locator(".text-bad").waitFor();
  const rate = {
    name: "rate",
    metric: "aws:num-messages-sent",
    criteria: { comparisonOperator: "less-thn", value: { count: 400 }, durationSeconds: 300 },
  };
  await write(JSON.stringify({ behaviors: [rate] }, null, 1));
  await page.locator(".cm-lintRange-error").first().waitFor();
  await form
    .getByText(/less-than/)
    .first()
    .waitFor();
  await seen("profile-json");
  rate.criteria.comparisonOperator = "less-than";
  await write(JSON.stringify({ behaviors: [rate] }, null, 1));
  await form.getByText("In order", { exact: true }).waitFor();
  await form.getByRole("button", { name: "Form", exact: true }).click();
  await form.getByRole("button", { name: /^rate/ }).click();
  const behavior = form.locator(".open-behavior");
  assert.equal(await behavior.getByLabel("Value").inputValue(), "400");
  await behavior.getByLabel("Only topics of").selectOption(`wards-${look}`);
  await behavior.getByRole("button", { name: "A percentile of the fleet" }).click();
  await behavior.getByLabel("Percentile").selectOption("p90");
  await behavior.getByLabel("Alarm after").fill("11");
  await behavior.locator(".problems").getByText(/range/).waitFor();
  await behavior.getByLabel("Alarm after").fill("2");
  await form.getByText("In order", { exact: true }).waitFor();
  await seen("profile-percentile");
  await form.getByRole("button", { name: "JSON", exact: true }).click();
  await form.getByText('"statistic": "p90"').waitFor();
  await form.getByRole("button", { name: "Form", exact: true }).click();
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText(/^version 2,/).waitFor();
  await form.getByText("less than the fleet's p90 in 5 min").waitFor();
}

/** Saves the profile as somebody else would, beside the page. */
async function changedBySomebodyElse(page, name) {
  await page.evaluate(async (profile) => {
    const address = `/api/v1/profiles/${profile}`;
    const { csrf_token } = await (await fetch("/api/v1/session")).json();
    const stored = await (await fetch(address)).json();
    const answer = await fetch(address, {
      method: "PUT",
      headers: { "content-type": "application/json", "x-picket-csrf": csrf_token },
      body: JSON.stringify({ document: { ...stored.document, securityProfileDescription: "By another." } }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }, name);
}

async function conflictIsExplained({ page, seen, look, allow }) {
  const form = editor(page);
  await form.getByLabel("Description").fill("Mine.");
  await form.getByText("In order", { exact: true }).waitFor();
  await changedBySomebodyElse(page, `pumps-${look}`);
  await allow(/status of 409/, async () => {
    await form.getByRole("button", { name: "Save", exact: true }).click();
    await dialog(page).getByText("Somebody else has changed it").waitFor();
  });
  await dialog(page).getByText("the description").first().waitFor();
  await seen("profile-conflict");
  await dialog(page).getByRole("button", { name: "Reload theirs" }).click();
  await closed(page);
  await page.getByText(/^version 3,/).waitFor();
  assert.equal(await form.getByLabel("Description").inputValue(), "By another.");
  await form.getByLabel("Description").fill("Mine, after all.");
  await changedBySomebodyElse(page, `pumps-${look}`);
  await allow(/status of 409/, async () => {
    await form.getByRole("button", { name: "Save", exact: true }).click();
    await dialog(page).getByRole("button", { name: "Overwrite with mine" }).click();
  });
  await page.getByText(/^version 5,/).waitFor();
}

async function draftIsNotLostByLeaving({ page, seen }) {
  await editor(page).getByLabel("Description").fill("Not saved.");
  await go(page, "Overview");
  await dialog(page).getByText("Leave without saving?").waitFor();
  await seen("profile-leave");
  await dialog(page).getByRole("button", { name: "Stay" }).click();
  await closed(page);
  await editor(page).getByRole("button", { name: "Discard changes" }).click();
  assert.equal(await editor(page).getByLabel("Description").inputValue(), "Mine, after all.");
}

async function profileIsAttached({ page, seen }) {
  const watches = page.getByRole("region", { name: "Watches" });
  await watches.getByText("It is attached to nothing").waitFor();
  await watches.getByRole("button", { name: "Attach" }).click();
  await dialog(page).getByLabel("Watches").selectOption("all/registered-things");
  await dialog(page).getByRole("button", { name: "Attach" }).click();
  await watches.getByText("all registered things", { exact: true }).waitFor();
  await seen("profile-targets");
  await watches.getByRole("button", { name: "Detach from all registered things" }).click();
  await dialog(page).getByRole("button", { name: "Detach" }).click();
  await watches.getByText("It is attached to nothing").waitFor();
}

async function draftIsTriedOnWhatWasStored({ page, seen, settings }) {
  await goToProfiles(page);
  await page.getByRole("link", { name: "picket-baseline", exact: true }).click();
  await heading(page, "picket-baseline").waitFor();
  const tried = preview(page);
  await tried
    .getByText(/stored datapoints|Nothing is known yet/)
    .first()
    .waitFor();
  await tried.getByRole("button", { name: "7 d", exact: true }).click();
  await tried.locator(".old").waitFor({ state: "detached" });
  await seen("profile-preview");
  if (!settings.expectAlarm) return;
  await tried
    .getByText(/\d+ alarms?/)
    .first()
    .waitFor();
  await tried.locator(".hour-chart canvas").waitFor();
  const alarms = tried.getByRole("region", { name: "Alarms there would have been" });
  await alarms.scrollIntoViewIfNeeded();
  await seen("profile-preview-alarms");
}

async function behaviorsAreDerived({ page, seen, settings }) {
  const form = editor(page);
  await form.getByRole("button", { name: /^Derive/ }).click();
  await dialog(page).getByLabel("Of group").fill("");
  await dialog(page).getByRole("button", { name: "Derive", exact: true }).click();
  const found = dialog(page).locator(".suggestions li");
  await found.first().or(dialog(page).getByText("Nothing could be derived")).waitFor();
  await seen("profile-suggestions");
  if (settings.expectEvents) {
    await found.getByRole("button", { name: /^Add / }).first().click();
    await found.getByText("In the draft").first().waitFor();
  }
  await dialog(page).getByRole("button", { name: "Close" }).click();
  if (!settings.expectEvents) return;
  await form.getByText("In order", { exact: true }).waitFor();
  await form.getByRole("button", { name: "Discard changes" }).click();
}

async function metricOfADeviceIsExplored({ page, seen, settings }) {
  await go(page, "Things");
  const list = page.getByRole("region", { name: "List of things" });
  await list
    .getByRole("link", { name: /^(?!bed-)/ })
    .first()
    .click();
  await page.getByRole("link", { name: "Explore its metrics" }).click();
  await heading(page, "Metrics").waitFor();
  const shown = page.locator(".panel", { has: page.locator("#shown") });
  await page.getByLabel("Metric", { exact: true }).selectOption("aws:all-bytes-out");
  await page.getByRole("button", { name: "1 h", exact: true }).click();
  await shown.locator("canvas").or(shown.getByText("Nothing is stored in this time")).first().waitFor();
  await seen("metrics");
  if (!settings.expectEvents) return;
  await zoomByDragAndKeys(page, shown);
  await shown.getByRole("button", { name: "Table", exact: true }).click();
  await shown.getByRole("columnheader", { name: "_time" }).waitFor();
  await seen("metrics-table");
  const saved = page.waitForEvent("download");
  await shown.getByRole("button", { name: "CSV" }).click();
  assert.equal((await saved).suggestedFilename(), "picket-metric.csv");
  await shown.getByRole("button", { name: "Chart", exact: true }).click();
}

async function zoomByDragAndKeys(page, shown) {
  const box = await shown.locator(".u-over").boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+&to=\d+/);
  const dragged = page.url();
  await page.getByRole("region", { name: "Chart", exact: true }).focus();
  await page.keyboard.press("+");
  await page.waitForURL((url) => url.toString() !== dragged);
  await page.goBack();
  await page.waitForURL(dragged);
  await shown.locator(".u-over").dblclick({ position: { x: 40, y: 40 } });
  await page.waitForURL((url) => !url.toString().includes("from="));
}

async function listMetricIsAStrip({ page, seen, settings }) {
  await page.getByLabel("Metric", { exact: true }).selectOption("aws:listening-tcp-ports");
  const shown = page.locator(".panel", { has: page.locator("#shown") });
  await shown
    .locator(".strip i")
    .first()
    .or(shown.getByText(/Nothing is stored|always empty/).first())
    .waitFor();
  if (settings.expectEvents) await shown.locator(".strip i").first().waitFor();
  await seen("metrics-ports");
}

async function fleetIsExploredByGroup({ page, seen, settings }) {
  await go(page, "Overview");
  await heading(page, "Overview").waitFor();
  await go(page, "Metrics");
  await heading(page, "Metrics").waitFor();
  const shown = page.locator(".panel", { has: page.locator("#shown") });
  await page.getByLabel("Fleet", { exact: true }).fill("picket-fleet");
  await page.getByLabel("Fleet", { exact: true }).press("Enter");
  await page.waitForURL(/group=picket-fleet/);
  await shown.locator("canvas").or(shown.getByText("Nothing is stored in this time")).first().waitFor();
  if (settings.expectEvents) await shown.getByRole("button", { name: "fleet, largest" }).click();
  // A device is laid over it, and taken away.
  const choice = page.locator("#explorer-devices option").first();
  await choice.waitFor({ state: "attached" });
  const device = await choice.getAttribute("value");
  await page.getByLabel("Devices", { exact: true }).fill(device);
  await page.getByLabel("Devices", { exact: true }).press("Enter");
  await page.getByRole("list", { name: "Chosen devices" }).getByText(device, { exact: true }).waitFor();
  await shown.getByText("Loading …").waitFor({ state: "detached" });
  await seen("metrics-fleet");
  await page.getByRole("button", { name: `Remove ${device}`, exact: true }).click();
  await page.waitForURL((url) => !url.search.includes("things="));
}

async function profileIsDuplicatedAndDeleted({ page, seen, look }) {
  await goToProfiles(page);
  await page.getByRole("link", { name: `pumps-${look}`, exact: true }).click();
  await heading(page, `pumps-${look}`).waitFor();
  await page.getByRole("link", { name: "Duplicate" }).click();
  await heading(page, "New profile").waitFor();
  await editor(page).getByText("In order", { exact: true }).waitFor();
  await editor(page).getByRole("button", { name: "Create" }).click();
  await heading(page, `pumps-${look}-2`).waitFor();
  for (const name of [`pumps-${look}-2`, `pumps-${look}`]) {
    await goToProfiles(page);
    await page.getByRole("link", { name, exact: true }).click();
    await heading(page, name).waitFor();
    await page.getByRole("button", { name: "Delete …" }).click();
    await dialog(page).getByRole("button", { name: "Delete" }).click();
    await heading(page, "Security profiles").waitFor();
    await page.getByRole("link", { name, exact: true }).waitFor({ state: "detached" });
  }
  await seen("profile-list");
  await subPage(page, "Custom metrics");
  await page.getByRole("button", { name: `Delete battery-${look}` }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByText(`battery-${look}`, { exact: true }).waitFor({ state: "detached" });
  await subPage(page, "Dimensions");
  await page.getByRole("button", { name: `Delete wards-${look}` }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByText(`wards-${look}`, { exact: true }).waitFor({ state: "detached" });
}

export const profileStories = {
  "a dimension is made and edited": dimensionIsMadeAndEdited,
  "a custom metric is made": customMetricIsMade,
  "a profile is written as a form, with problems at their fields": profileIsWrittenAsAForm,
  "form and JSON are kept in step": formAndJsonAreKeptInStep,
  "a conflict of two writers is explained": conflictIsExplained,
  "a draft is not lost by leaving": draftIsNotLostByLeaving,
  "a profile is attached and detached": profileIsAttached,
  "a draft is tried on what was stored": draftIsTriedOnWhatWasStored,
  "behaviors are derived from what was observed": behaviorsAreDerived,
  "a device's metric is explored, zoomed and saved": metricOfADeviceIsExplored,
  "a list metric shows what came and went": listMetricIsAStrip,
  "the fleet's spread is explored by group": fleetIsExploredByGroup,
  "profiles, metrics and dimensions are deleted": profileIsDuplicatedAndDeleted,
};
