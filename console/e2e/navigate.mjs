/** Goes to a page by its link, as the address bar would load everything anew. */
export async function go(page, name) {
  // On a phone the links are behind a button.
  const menu = page.getByRole("button", { name: /^Menu/ });
  if (await menu.isVisible()) await menu.click();
  await page
    .getByRole("navigation", { name: "Pages", exact: true })
    .getByRole("link", { name: new RegExp(`^${name}`) })
    .click();
}

/**
 * Waits until no dialog is open. What a change shows may be there before its dialog closes, and until then
 * nothing behind it takes text: a click waits by itself, `fill` and keys do not.
 */
export async function closed(page) {
  await page.getByRole("dialog").waitFor({ state: "detached" });
}
