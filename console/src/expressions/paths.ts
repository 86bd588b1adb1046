/** Where in a value a path leads, as far as it goes by names and indexes: enough to offer what follows. */

/** The value there; undefined if the path leads nowhere, or is more than names and indexes. */
export function follow(value: unknown, steps: readonly string[]): unknown {
  let found = value;
  for (const step of steps) {
    if (Array.isArray(found)) found = found[/^\d+$/.test(step) ? Number(step) : 0];
    else if (typeof found === "object" && found !== null && Object.hasOwn(found, step)) {
      found = (found as Record<string, unknown>)[step];
    } else return undefined;
    // `items[*].name` and JSONata's `items.name` mean those of all items, which look like the first.
    if (Array.isArray(found) && !/^\d+$/.test(step)) continue;
  }
  return found;
}

/** `.a[0]['b c']` as its steps, `*` for all; null if it is anything else. */
export function steps(path: string): string[] | null {
  const found: string[] = [];
  let at = 0;
  while (at < path.length) {
    const step = STEP.exec(path.slice(at));
    if (!step) return null;
    const [whole, plain, index, single, double, back] = step;
    const name = plain ?? index ?? (single ?? double)?.replace(/\\(.)/g, "$1") ?? back ?? "";
    if (name !== "*") found.push(name);
    at += whole.length;
  }
  return found;
}

const STEP =
  /^(?:\.([\p{L}_$][\p{L}\p{N}_$-]*|\*)|\[(\d+|\*)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\.`([^`]*)`)/u;

/** What may follow: names of members, of a list those of its items. */
export function names(value: unknown): string[] {
  const held = Array.isArray(value) ? value[0] : value;
  return typeof held === "object" && held !== null && !Array.isArray(held) ? Object.keys(held) : [];
}

/** A few words on a value, for a list of what may follow. */
export function told(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (typeof value === "object" && value !== null) return "{…}";
  const text = JSON.stringify(value) ?? "";
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

const LONGEST = 24;
