// What an administrator of the fleet does. Each look makes its own entries, named after it.
import assert from "node:assert/strict";
import { bundleConnects, saveBundle } from "./bundle.mjs";
import { closed, go } from "./navigate.mjs";

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
  await page.getByRole("link", { name: `ward-${look}`, exact: true }).click();
  await page.getByRole("heading", { name: `ward-${look}`, exact: true }).waitFor();
  await page.getByText("No thing is in it").waitFor();
  await page.getByRole("button", { name: "New group in it" }).click();
  await dialog(page).getByLabel("Name").fill(`bay-${look}`);
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: `bay-${look}`, exact: true }).waitFor();
  await go(page, "Groups");
  await page.getByRole("button", { name: `Groups in ward-${look}`, exact: true }).click();
  await page.getByRole("link", { name: `bay-${look}`, exact: true }).waitFor();
  await seen("groups");
}

async function thingIsMadeWithItsFiles({ page, seen, look }) {
  await go(page, "Things");
  await page.getByRole("button", { name: "New thing" }).click();
  await dialog(page).getByLabel("Name").fill(`bed-${look}`);
  await dialog(page).getByLabel("Group").fill(`ward-${look}`);
  await dialog(page).getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: `bed-${look} is ready` }).waitFor();
  await dialog(page).getByText("The key is not saved yet").waitFor();
  await seen("thing-files");
  const folder = await saveBundle(page, `bed-${look}.zip`);
  await dialog(page).getByText("The key is not saved yet").waitFor({ state: "detached" });
  await dialog(page).getByRole("button", { name: "Done" }).click();
  await bundleConnects(page, `bed-${look}`, folder);
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
  await page.getByLabel("Topic", { exact: true }).fill("wards/1/heat");
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

/** The version in force is not what a device had: saved, compared, put in force, asked about, taken back. */
async function policyGetsVersions({ page, seen, look }) {
  const editor = page.getByRole("textbox", { name: "Policy document" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  const wide = { Sid: "Everything", Effect: "Allow", Action: "iot:*", Resource: "*" };
  await page.keyboard.insertText(JSON.stringify({ Version: "2012-10-17", Statement: [wide] }, null, 2));
  await page.getByText("In order").waitFor();
  // The draft is asked in the place of what is stored, beside the device's other policies.
  await page.getByLabel("Device", { exact: true }).fill(`bed-${look}`);
  await page.getByLabel("Topic", { exact: true }).fill("wards/1/heat");
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByText("Allowed", { exact: true }).waitFor();
  await page.locator(".statement.decides").getByText("Everything", { exact: true }).waitFor();
  assert.equal(await page.locator(".statement").getByText("NotTheFirst", { exact: true }).count(), 0);
  // What was typed is not thrown away unasked.
  await page.getByRole("button", { name: "Version 1", exact: true }).click();
  await dialog(page).getByText("Discard your changes?").waitFor();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Save as a version" }).click();
  await page.getByRole("button", { name: "Version 2", exact: true }).waitFor();
  await page.getByRole("button", { name: "Compare version 1 with the editor" }).click();
  await page.locator(".compare .cm-deletedChunk").first().waitFor();
  await seen("policy-compared");
  await page.getByRole("button", { name: "Put in force: version 2" }).click();
  await dialog(page).locator(".compare .cm-deletedChunk").first().waitFor();
  await seen("policy-in-force");
  await dialog(page).getByRole("button", { name: "Put in force" }).click();
  await page.getByRole("button", { name: "Put in force: version 1" }).click();
  await dialog(page).getByRole("button", { name: "Put in force" }).click();
  await page.getByRole("button", { name: "Delete version 2" }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Version 2", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Delete …", exact: true }).click();
  await dialog(page).getByText("it is attached to one target").waitFor();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
}

/** A device that keeps its key, and the authority of a maker. */
async function certificateIsMadeForARequest({ page, seen }) {
  await go(page, "Certificates");
  await page.getByRole("button", { name: "New certificate" }).click();
  await dialog(page).getByRole("button", { name: "The device's own key" }).click();
  await dialog(page).getByLabel("Certificate signing request", { exact: true }).fill("no request");
  await dialog(page).getByRole("button", { name: "Issue" }).click();
  await dialog(page).getByRole("alert").waitFor();
  await dialog(page)
    .getByLabel("Certificate signing request from a file")
    .setInputFiles("e2e/files/device.csr");
  await seen("certificate-request");
  await dialog(page).getByRole("button", { name: "Issue" }).click();
  await page.getByRole("heading", { name: "The certificate is ready" }).waitFor();
  assert.equal(await dialog(page).getByRole("button", { name: "private.pem.key" }).count(), 0);
  await dialog(page).getByRole("button", { name: "Done" }).click();
}

async function authorityIsRegisteredAndDeleted({ page, seen }) {
  await page.getByRole("link", { name: "Authorities" }).click();
  await page.getByText("No authority of yours is registered").waitFor();
  await seen("authorities-none");
  await page.getByRole("button", { name: "Register a CA" }).click();
  await dialog(page)
    .getByText(/CN=[0-9a-f]{64}/)
    .waitFor();
  await seen("authority-new");
  await dialog(page).getByLabel("CA certificate from a file").setInputFiles("e2e/files/ca.pem");
  await dialog(page).getByRole("button", { name: "Without" }).click();
  await dialog(page)
    .getByRole("checkbox", { name: /register themselves/ })
    .check();
  await dialog(page).getByRole("button", { name: "Register", exact: true }).click();
  await page.getByRole("heading", { name: "Authority", exact: true }).waitFor();
  await page.getByText("CN=Ward works device CA").waitFor();
  await seen("authority");
  await page.getByRole("button", { name: "End self-registration …" }).click();
  await dialog(page).getByRole("button", { name: "End it" }).click();
  await page.getByRole("button", { name: "Let devices register themselves …" }).waitFor();
  await go(page, "Certificates");
  await page.getByRole("link", { name: "Authorities" }).click();
  await page.getByText("CN=Ward works device CA").waitFor();
  await seen("authorities");
  await page.locator("td a").first().click();
  await page.getByRole("button", { name: "Switch off …" }).click();
  await dialog(page).getByRole("button", { name: "Switch off" }).click();
  await page.getByRole("button", { name: "Delete …" }).click();
  await dialog(page).getByRole("button", { name: "Delete" }).click();
  await page.getByText("No authority of yours is registered").waitFor();
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
  await dialog(page).getByText("Nobody is connected with it now").waitFor();
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

async function connectionsShowWhoIsThere({ page, seen, look, settings }) {
  await go(page, "Connections");
  const list = page.getByRole("region", { name: "List of connections" });
  await list.waitFor();
  if (settings.expectEvents) await list.getByRole("link").first().waitFor();
  await seen("connections");
  await page.getByRole("button", { name: "Log", exact: true }).click();
  const log = page.getByRole("region", { name: "List of connection log" });
  await log.waitFor();
  if (settings.expectEvents) await log.getByText("came", { exact: true }).first().waitFor();
  await seen("connection-log");
  // The device of the bundle came, and went when it had sent its message.
  await page.getByRole("searchbox").fill(`bed-${look}`);
  await page.getByRole("button", { name: "Left", exact: true }).click();
  await page.waitForURL(/kind=disconnected/);
  await log.getByText("said good-bye").first().waitFor();
  await page.getByRole("button", { name: "Turned away", exact: true }).click();
  await log.getByText(/Nothing of “bed-/).waitFor();
  await page.getByRole("button", { name: "Live" }).click();
}

async function testClientSeesWhatItSends({ page, seen, look }) {
  await go(page, "MQTT client");
  await page.getByRole("textbox", { name: "Topic filter" }).fill(`console/${look}/#`);
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await page.getByText("following", { exact: true }).waitFor();
  await page.getByLabel("Topic", { exact: true }).fill(`console/${look}/hello`);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(`Published on console/${look}/hello.`).waitFor();
  const messages = page.getByRole("list", { name: "Messages, newest first" });
  // JSON is laid out, until somebody wants it as it came.
  await messages.getByText(/^\{\n {2}"hello": "world"\n\}$/).waitFor();
  await page.getByRole("button", { name: "Lay out JSON" }).click();
  await messages.getByText('{"hello": "world"}', { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel("Topic", { exact: true }).fill(`console/${look}/kept`);
  await page.getByRole("checkbox", { name: "Retain" }).check();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("button", { name: "Go on (1 new)" }).click();
  await messages.getByText(`console/${look}/kept`).waitFor();
  // Whoever follows from now on gets the retained one at once.
  await page.reload();
  await messages.getByText("retained", { exact: true }).waitFor();
  await seen("mqtt");
  await page.getByRole("button", { name: `Erase the retained message on console/${look}/kept` }).click();
  await dialog(page).getByRole("button", { name: "Erase" }).click();
  await messages.getByText("(empty)").waitFor();
  await closed(page);
  await page.getByLabel("Topic", { exact: true }).fill("$aws/things/x/shadow");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(/reserved/).waitFor();
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
  "a thing is made in it, its files are saved and connect it": thingIsMadeWithItsFiles,
  "a policy is written, checked, explained and attached": policyIsWrittenCheckedAndExplained,
  "a policy gets versions, which are compared": policyGetsVersions,
  "a certificate is made for a request": certificateIsMadeForARequest,
  "a maker's authority is registered and deleted": authorityIsRegisteredAndDeleted,
  "a certificate is revoked": certificateIsRevoked,
  "a thing is changed and deleted": thingIsChangedAndDeleted,
  "connections and their log show who is there": connectionsShowWhoIsThere,
  "the test client sees what it sends": testClientSeesWhatItSends,
  "every change is kept": changesAreKept,
};
