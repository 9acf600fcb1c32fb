// Where the server's problems with a document belong in a form.
import type { ProfileProblem } from "../api/types.gen";

/** Whether `path` is `place` or lies in it. */
export function isWithin(path: string, place: string): boolean {
  if (place === "" || path === place) return true;
  return path.startsWith(place) && (path[place.length] === "." || path[place.length] === "[");
}

/** The problems of `place` and of what is in it. */
export function problemsIn(problems: ProfileProblem[], place: string): ProfileProblem[] {
  return problems.filter((one) => isWithin(one.path, place));
}

/** The problems of `place` that none of the `fields` in it shows. */
export function problemsBeside(
  problems: ProfileProblem[],
  place: string,
  fields: string[],
): ProfileProblem[] {
  return problemsIn(problems, place).filter((one) => !fields.some((field) => isWithin(one.path, field)));
}

/** The places of the elements of a list that have a problem. */
export function badElements(problems: ProfileProblem[], place: string): ReadonlySet<number> {
  const found = problems.map((one) =>
    one.path.startsWith(`${place}[`) ? Number.parseInt(one.path.slice(place.length + 1), 10) : Number.NaN,
  );
  return new Set(found.filter((index) => !Number.isNaN(index)));
}
