/** Goes to a page by its link, as the address bar would load everything anew. */
export async function go(page, name) {
  await page
    .getByRole("navigation", { name: "Pages", exact: true })
    .getByRole("link", { name: new RegExp(`^${name}`) })
    .click();
}
