// What an administrator of the fleet does. Each look makes its own entries, named after it.
import { go } from "./navigate.mjs";

const dialog = (page) => page.getByRole("dialog");

async function typeIsMadeAndDeprecated({ page, seen, look }) {
  await go(page, "Types");
  await page.getByRole("heading", { name: "Thing types", exact: true }).waitFor();
  await page.getByRole("button", { name: "New type" }).click();
  await dialog(page).getByLabel("Name").fill(`pump-${look}`);
  await dialog(page).getByLabel("Description").fill("Infusion pump");
  await seen("type-new");
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: `pump-${look}`, exact: true }).waitFor();
  await page.getByRole("button", { name: `Deprecate pump-${look}`, exact: true }).click();
  await dialog(page).getByRole("button", { name: "Deprecate" }).click();
  await page.getByRole("button", { name: `Use again: pump-${look}`, exact: true }).waitFor();
  await seen("types");
}

async function groupIsMadeAndGetsAThing({ page, seen, look }) {
  await go(page, "Groups");
  await page.getByRole("button", { name: "New group" }).click();
  await dialog(page).getByLabel("Name").fill(`ward-${look}`);
  await dialog(page).getByLabel("Description").fill("Second floor");
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: `ward-${look}`, exact: true }).waitFor();
  await seen("groups");
  await page.getByRole("link", { name: `ward-${look}`, exact: true }).click();
  await page.getByRole("heading", { name: `ward-${look}`, exact: true }).waitFor();
  await page.getByText("No thing is in it").waitFor();
}

async function thingIsMadeWithItsFiles({ page, seen, look }) {
  await go(page, "Things");
  await page.getByRole("button", { name: "New thing" }).click();
  await dialog(page).getByLabel("Name").fill(`bed-${look}`);
  await dialog(page).getByLabel("Group").fill(`ward-${look}`);
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: `bed-${look} is ready` }).waitFor();
  await seen("thing-files");
  const saved = page.waitForEvent("download");
  await dialog(page).getByRole("button", { name: "private.pem.key" }).click();
  await saved;
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await go(page, "Groups");
  await page.getByRole("link", { name: `ward-${look}`, exact: true }).click();
  await page.getByRole("link", { name: `bed-${look}`, exact: true }).waitFor();
  await seen("group");
}

async function policyIsWrittenCheckedAndExplained({ page, seen, look }) {
  await go(page, "Policies");
  await page.getByRole("link", { name: "New policy" }).click();
  const editor = page.getByRole("textbox", { name: "Policy document" });
  const write = async (text) => {
    await editor.click();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.insertText(text);
  };
  await page.getByText("In order").waitFor();
  await write(
    '{"Version": "2012-10-17",\n "Statement": [{"Effect": "Allw", "Action": "iot:*", "Resource": "*"}]}',
  );
  await page
    .locator(".text-bad")
    .getByText(/Effect/)
    .waitFor();
  await seen("policy-problem");
  // Tab indents in the editor; Escape and Tab leave it.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await page.waitForFunction("document.activeElement.closest('.cm-editor') === null");
  const resource = "arn:aws:iot:us-east-1:000000000000:topic/wards/*";
  await write(
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Sid: "Wards", Effect: "Allow", Action: "iot:Publish", Resource: resource },
        { Sid: "NotTheFirst", Effect: "Deny", Action: "iot:*", Resource: resource.replace("*", "1/*") },
      ],
    }),
  );
  await page.getByText("In order").waitFor();
  await page.getByLabel("Topic, topic filter or client id").fill("wards/1/heat");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("Denied by a statement").waitFor();
  await page.locator(".statement.decides").getByText("NotTheFirst", { exact: true }).waitFor();
  await seen("policy-explained");
  await page.getByLabel("Name", { exact: true }).fill(`wards-${look}`);
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: `wards-${look}`, exact: true }).waitFor();
  await page.getByRole("button", { name: "Attach to a group" }).click();
  await dialog(page).getByLabel("Group").fill(`ward-${look}`);
  await dialog(page).getByRole("button", { name: "Attach" }).click();
  await page.getByRole("link", { name: `ward-${look}`, exact: true }).waitFor();
  await seen("policy");
}

async function certificateIsRevoked({ page, seen, look }) {
  await go(page, "Things");
  await page.getByRole("searchbox").fill(`bed-${look}`);
  await page.getByRole("link", { name: `bed-${look}`, exact: true }).click();
  await page.getByRole("heading", { name: `bed-${look}`, exact: true }).waitFor();
  await page.getByRole("region", { name: "Certificates" }).locator("a[title]").first().click();
  await page.getByRole("heading", { name: "Certificate", exact: true }).waitFor();
  await page.getByText("CN=").first().waitFor();
  await seen("certificate");
  await page.getByRole("button", { name: "Revoke …" }).click();
  await dialog(page).getByRole("button", { name: "Revoke" }).click();
  await page.getByText("revoked", { exact: true }).waitFor();
  await go(page, "Certificates");
  await page.getByText("revoked", { exact: true }).first().waitFor();
  await seen("certificates");
}

async function thingIsChangedAndDeleted({ page, seen, look }) {
  await go(page, "Things");
  await page.getByRole("searchbox").fill(`bed-${look}`);
  await page.getByRole("link", { name: `bed-${look}`, exact: true }).click();
  await page.getByRole("button", { name: "Edit …" }).click();
  await dialog(page).getByLabel("Attributes").fill("site=west floor");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await dialog(page).getByText('"floor" is not written name=value').waitFor();
  await seen("thing-edit");
  await dialog(page).getByLabel("Attributes").fill("site=west floor=3");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await page.getByText("west", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Delete …" }).click();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Delete …" }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Things", exact: true }).waitFor();
  await page.getByRole("searchbox").fill(`bed-${look}`);
  await page.getByText(/^No thing/).waitFor();
}

async function connectionsShowWhoIsThere({ page, seen, settings }) {
  await go(page, "Connections");
  const list = page.getByRole("region", { name: "List of connections" });
  await list.waitFor();
  if (settings.expectEvents) await list.getByRole("link").first().waitFor();
  await seen("connections");
  await page.getByRole("button", { name: "Log", exact: true }).click();
  const log = page.getByRole("region", { name: "List of connection log" });
  await log.waitFor();
  if (settings.expectEvents) await log.getByText("connected").first().waitFor();
  await seen("connection-log");
}

async function testClientSeesWhatItSends({ page, seen, look }) {
  await go(page, "MQTT client");
  await page.getByRole("textbox", { name: "Topic filter" }).fill(`console/${look}/#`);
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByText("following", { exact: true }).waitFor();
  await page.getByLabel("Topic", { exact: true }).fill(`console/${look}/hello`);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText(`Published on console/${look}/hello.`).waitFor();
  const messages = page.getByRole("list", { name: "Messages, newest first" });
  await messages.getByText('{"hello": "world"}').waitFor();
  await seen("mqtt");
}

async function changesAreKept({ page, seen, look }) {
  await go(page, "Changes");
  await page
    .getByRole("searchbox", { name: "Only resources that begin with this" })
    .fill(`policy/wards-${look}`);
  await page.getByText("CreatePolicy", { exact: false }).first().waitFor();
  await seen("changes");
}

export const fleetStories = {
  "a thing type is made and deprecated": typeIsMadeAndDeprecated,
  "a group is made": groupIsMadeAndGetsAThing,
  "a thing is made in it and its files are saved": thingIsMadeWithItsFiles,
  "a policy is written, checked, explained and attached": policyIsWrittenCheckedAndExplained,
  "a certificate is revoked": certificateIsRevoked,
  "a thing is changed and deleted": thingIsChangedAndDeleted,
  "connections and their log show who is there": connectionsShowWhoIsThere,
  "the test client sees what it sends": testClientSeesWhatItSends,
  "every change is kept": changesAreKept,
};
