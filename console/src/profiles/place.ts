// From a problem's path to its place in the JSON text.
import { jsonLanguage } from "@codemirror/lang-json";

type SyntaxNode = ReturnType<typeof jsonLanguage.parser.parse>["topNode"];
type Stretch = { from: number; to: number };

/** `behaviors[0].criteria` in its parts. A quoted or otherwise odd part ends it. */
export function parts(path: string): Array<string | number> {
  return [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) =>
    index === undefined ? String(name) : Number(index),
  );
}

/** Where `path` stands in `text`, or the nearest thing around it that is there. */
export function placeOf(text: string, path: string): Stretch {
  let value: SyntaxNode | null = jsonLanguage.parser.parse(text).topNode.firstChild;
  let found: Stretch = { from: 0, to: Math.min(1, text.length) };
  for (const part of parts(path)) {
    if (!value) break;
    const next: { mark: SyntaxNode; value: SyntaxNode | null } | null =
      typeof part === "number" ? element(value, part) : member(text, value, part);
    if (!next) break;
    found = { from: next.mark.from, to: next.mark.to };
    value = next.value;
  }
  return found;
}

function member(text: string, object: SyntaxNode, name: string) {
  for (const property of object.getChildren("Property")) {
    const key = property.getChild("PropertyName");
    if (key && nameOf(text.slice(key.from, key.to)) === name) {
      const value = property.lastChild;
      return { mark: value && isShort(value) ? value : key, value };
    }
  }
  return null;
}

function nameOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

/** A whole object or list is not underlined, its name is. */
function isShort(value: SyntaxNode): boolean {
  return value.name !== "Object" && value.name !== "Array" && value.name !== "⚠";
}

function element(array: SyntaxNode, index: number) {
  const values = [];
  for (let child = array.firstChild; child; child = child.nextSibling) {
    if (!["[", "]", ",", "⚠"].includes(child.name)) values.push(child);
  }
  const value = values[index];
  if (!value) return null;
  return { mark: isShort(value) ? value : (value.firstChild ?? value), value };
}
