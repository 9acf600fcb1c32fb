// What an analyst does, in the order in which the stories build on each other.
import assert from "node:assert/strict";
import { fleetStories } from "./fleet-stories.mjs";
import { go } from "./navigate.mjs";
import { profileStories } from "./profile-stories.mjs";
import { responseStories } from "./response-stories.mjs";

const SEED_QUERY =
  'index="iot" sourcetype="aws-iot-device-defender" | spath name | search name="aws:num-listening-tcp-ports"\n| chart max(value.count) as tcp_count over _time by thing';

async function writeSearch(page, spl) {
  const editor = page.getByRole("textbox", { name: "Search in SPL" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(spl);
  await page.keyboard.press("ControlOrMeta+Enter");
}

async function logInFailsAndWorks({ page, seen, settings }) {
  await page.goto(settings.url);
  await page.getByLabel("User name").fill(settings.username);
  await page.getByLabel("Password").fill("certainly wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").getByText("is wrong").waitFor();
  await seen("login");
  await page.getByLabel("Password").fill(settings.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

async function overviewShowsTheLine({ page, seen, settings }) {
  await go(page, "Overview");
  await page.getByText("Reports per second").first().waitFor();
  await page.getByRole("heading", { name: "The line, stage by stage" }).waitFor();
  await page.locator(".stage").first().waitFor();
  if (settings.expectAlarm) await page.locator(".alarm").first().waitFor({ timeout: 60_000 });
  await seen("overview");
}

async function alarmsSayWhatAndSinceWhen({ page, seen, settings }) {
  await go(page, "Alarms");
  const list = page.getByRole("region", { name: "List of alarms" });
  await list.waitFor();
  if (settings.expectAlarm) {
    await list.getByText("In alarm").first().waitFor();
    await list.getByRole("link", { name: "Show evidence" }).first().waitFor();
  }
  await seen("alarms");
  await page.getByRole("button", { name: "History" }).click();
  await page.waitForURL(/state=cleared/);
  await list
    .getByText(/Cleared|Invalidated|No alarms/)
    .first()
    .waitFor();
  await seen("alarms-cleared");
}

async function thingPageHasCharts({ page, seen, settings }) {
  await go(page, "Things");
  const list = page.getByRole("region", { name: "List of things" });
  await list.getByRole("link").first().waitFor();
  await seen("things");
  // Not one that an earlier run has made: those never report.
  await list
    .getByRole("link", { name: /^(?!bed-)/ })
    .first()
    .click();
  await page.getByRole("heading", { name: "Metrics" }).waitFor();
  await page.getByRole("heading", { name: "Certificates" }).waitFor();
  if (settings.expectEvents) await page.locator("figure canvas").first().waitFor();
  await seen("thing");
}

async function seedQueryDrawsAChart({ page, seen, settings }) {
  await go(page, "Search");
  await page.getByRole("heading", { name: "Searches to begin with" }).waitFor();
  await seen("search-start");
  await writeSearch(page, SEED_QUERY);
  await page.getByText(/events matched/).waitFor();
  assert.match(page.url(), /q=index/);
  if (!settings.expectEvents) return;
  await page.locator(".chart-box canvas").waitFor();
  await page.getByRole("group", { name: "Lines" }).getByRole("button").first().click();
  await seen("search-chart");
  await page.getByRole("tab", { name: /Statistics/ }).click();
  await page.getByRole("columnheader", { name: "_time" }).getByRole("button").click();
  await page.locator('th[aria-sort="ascending"]').waitFor();
  await seen("search-statistics");
}

async function eventsOpenToTheirFields({ page, seen, settings }) {
  await writeSearch(page, 'index="iot" sourcetype="aws-iot-device-defender"');
  await page.getByText(/events matched/).waitFor();
  if (!settings.expectEvents) return;
  await page.locator(".event").first().waitFor();
  await page.getByRole("button", { name: "Fields of this event" }).first().click();
  await page.locator(".event .fields").first().waitFor();
  await seen("search-events");
}

async function errorsShowAtTheirPlace({ page, seen }) {
  await writeSearch(page, 'index="iot"\n| chrat count by thing');
  await page
    .getByRole("alert")
    .getByText(/Line 2, column \d+/)
    .waitFor();
  await page.locator(".cm-lintRange-error").waitFor();
  await seen("search-error");
}

async function keysWork({ page, seen }) {
  await go(page, "Overview");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  await seen("keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.getByRole("heading", { name: "Alarms" }).waitFor();
  await page.keyboard.press("/");
  await page.getByRole("textbox", { name: "Search in SPL" }).waitFor();
}

async function profilesSayWhatIsExpected({ page, seen }) {
  await go(page, "Profiles");
  await page.getByRole("heading", { name: "Security profiles" }).waitFor();
  await page.locator(".panel").first().waitFor();
  await seen("profiles");
}

async function logOutEndsTheSession({ page }) {
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Log in" }).waitFor();
}

export const stories = {
  "a wrong password is refused and the right one logs in": logInFailsAndWorks,
  "the overview shows the line and its alarms": overviewShowsTheLine,
  "alarms say what is wrong and since when": alarmsSayWhatAndSinceWhen,
  "a thing's page has its charts and certificates": thingPageHasCharts,
  "the seed's query draws a chart and a table": seedQueryDrawsAChart,
  "events open to their fields": eventsOpenToTheirFields,
  "a wrong search shows its error at its place": errorsShowAtTheirPlace,
  "keys lead everywhere": keysWork,
  "profiles say what is expected": profilesSayWhatIsExpected,
  ...fleetStories,
  ...responseStories,
  ...profileStories,
  "logging out ends the session": logOutEndsTheSession,
};
