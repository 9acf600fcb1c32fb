// Attributes as people write them: `site=west floor=3`. Neither names nor values hold blanks.
import type { Attribute } from "../api/types.gen";

/** What attributes are written like, for the hint of a field. */
export const ATTRIBUTES_HINT = "Written name=value, with blanks between them.";

/** Reads attributes; throws an `Error` that names the first that is not one. */
export function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(/\s+/).filter((pair) => pair !== "")) {
    const at = pair.indexOf("=");
    if (at < 1) throw new Error(`"${pair}" is not written name=value`);
    const name = pair.slice(0, at);
    if (Object.hasOwn(attributes, name)) throw new Error(`the attribute "${name}" is there twice`);
    attributes[name] = pair.slice(at + 1);
  }
  return attributes;
}

/** Writes attributes so that they can be read again. */
export function writeAttributes(attributes: Attribute[]): string {
  return attributes.map(({ name, value }) => `${name}=${value}`).join(" ");
}
