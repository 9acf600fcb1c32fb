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
