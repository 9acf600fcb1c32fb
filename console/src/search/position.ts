// From the server's line and column to the editor's offset.

/** The stretch of `text` that starts at a 1-based line and column (in characters): a word, or one character. */
export function stretchAt(text: string, line: number, column: number): { from: number; to: number } {
  const lines = text.split("\n");
  const index = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, index).reduce((sum, one) => sum + one.length + 1, 0);
  const content = lines[index] ?? "";
  // Characters outside the basic plane take two places in the editor.
  const before = Array.from(content)
    .slice(0, Math.max(column, 1) - 1)
    .join("").length;
  const word = /^[\w.:{}-]+/.exec(content.slice(before));
  const from = start + before;
  const to = from + (word ? word[0].length : 1);
  // At the very end there is nothing to underline but the character before.
  return to <= text.length ? { from, to } : { from: Math.max(0, text.length - 1), to: text.length };
}
