// Which alarms are chosen, and which one the keys act on.

/** With `id` in it if it was not, without it if it was. */
export function toggled(chosen: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Where the cursor goes from `cursor` by `step`; the first where it is nowhere. */
export function moved(ids: readonly string[], cursor: string | null, step: 1 | -1): string | null {
  const at = cursor === null ? -1 : ids.indexOf(cursor);
  if (at < 0) return ids[0] ?? null;
  return ids[Math.min(Math.max(at + step, 0), ids.length - 1)] ?? null;
}

/** What an order is about: the chosen ones, else the one under the cursor. */
export function concerned<T extends { id: string }>(
  list: readonly T[],
  chosen: ReadonlySet<string>,
  cursor: string | null,
): T[] {
  const picked = list.filter((one) => chosen.has(one.id));
  return picked.length > 0 ? picked : list.filter((one) => one.id === cursor);
}
