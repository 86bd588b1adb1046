/** Edits of a value. The pointers of all edits that are made together are those of the document before. */
import { type Content, Refused, writtenOf } from "./content";
import { last, type Pointer, parent, tokens } from "./pointer";
import type { Written } from "./tree";

/**
 * `insert`: a new member, behind the one called `after` (null: as the first, undefined: as the last), or a new item before the
 * one that has that index now.
 */
export type Edit =
  | { do: "set"; at: Pointer; value: Content }
  | { do: "insert"; at: Pointer; value: Content; after?: string | null }
  | { do: "remove"; at: Pointer }
  | { do: "rename"; at: Pointer; to: string };

/** The value with all edits made. Raises Refused. */
export function changed(value: Written, edits: readonly Edit[]): Written {
  return applied(
    value,
    edits.map((edit) => ({ edit, path: tokens(edit.at) })),
    0,
  );
}

interface Step {
  edit: Edit;
  path: string[];
}

function applied(value: Written, steps: readonly Step[], depth: number): Written {
  if (steps.length === 0) return value;
  const whole = steps.find(({ path }) => path.length === depth);
  if (whole) {
    if (whole.edit.do !== "set" || steps.length > 1) throw new Refused("the whole can only be set", whole.edit.at);
    return writtenOf(whole.edit.value);
  }
  if (Array.isArray(value)) return inArray(value, steps, depth);
  if (value instanceof Map) return inObject(value, steps, depth);
  throw new Refused(`there is nothing at ${steps[0]?.edit.at}`, steps[0]?.edit.at);
}

function inObject(value: ReadonlyMap<string, Written>, steps: readonly Step[], depth: number): Written {
  const inside = byChild(steps, depth);
  const inserted = new Map<string | null, [string, Written][]>();
  for (const { edit, path } of steps) {
    if (edit.do !== "insert" || path.length !== depth + 1) continue;
    const after = anchorOf(edit, value);
    inserted.set(after, [...(inserted.get(after) ?? []), [last(edit.at), writtenOf(edit.value)]]);
  }
  const result: [string, Written][] = [...(inserted.get(null) ?? [])];
  for (const [name, each] of value) {
    const { own, deeper } = inside.get(name) ?? { own: [], deeper: [] };
    const set = own.find((edit) => edit.do === "set");
    const to = own.find((edit) => edit.do === "rename")?.to ?? name;
    const removed = own.some((edit) => edit.do === "remove");
    refuseBoth(deeper, set !== undefined || removed);
    if (!removed) result.push([to, set ? writtenOf(set.value) : applied(each, deeper, depth + 1)]);
    result.push(...(inserted.get(name) ?? []));
  }
  for (const [name, { own, deeper }] of inside) {
    const missing = own.find((edit) => edit.do !== "insert") ?? deeper[0]?.edit;
    if (missing && !value.has(name)) throw new Refused(`there is nothing at ${missing.at}`, missing.at);
  }
  const found = new Map(result);
  if (found.size < result.length) throw new Refused(`the name is taken: ${twice(result)}`, steps[0]?.edit.at);
  return found;
}

/** Behind which member it goes; one that is not there stands for the last. */
function anchorOf(edit: Edit & { do: "insert" }, value: ReadonlyMap<string, Written>): string | null {
  if (edit.after === null) return null;
  if (edit.after !== undefined && value.has(edit.after)) return edit.after;
  return [...value.keys()].at(-1) ?? null;
}

function inArray(value: readonly Written[], steps: readonly Step[], depth: number): Written {
  const inside = byChild(steps, depth);
  const result: Written[] = [];
  for (const index of [...value.keys(), value.length]) {
    const { own, deeper } = inside.get(String(index)) ?? { own: [], deeper: [] };
    for (const edit of own) if (edit.do === "insert") result.push(writtenOf(edit.value));
    if (index === value.length) continue;
    const set = own.find((edit) => edit.do === "set");
    const removed = own.some((edit) => edit.do === "remove");
    refuseBoth(deeper, set !== undefined || removed);
    if (!removed) result.push(set ? writtenOf(set.value) : applied(value[index] ?? null, deeper, depth + 1));
  }
  for (const [name, { own, deeper }] of inside) {
    const edit = own[0] ?? deeper[0]?.edit;
    const most = value.length + (own.every((each) => each.do === "insert") && deeper.length === 0 ? 1 : 0);
    const wrong = !/^(0|[1-9]\d*)$/.test(name) || Number(name) >= most || own.some((each) => each.do === "rename");
    if (wrong && edit) throw new Refused(`there is nothing at ${edit.at}`, edit.at);
  }
  return result;
}

/** Edits of the children themselves, and those further down, by the child. */
function byChild(steps: readonly Step[], depth: number): Map<string, { own: Edit[]; deeper: Step[] }> {
  const found = new Map<string, { own: Edit[]; deeper: Step[] }>();
  for (const step of steps) {
    const name = step.path[depth] ?? "";
    const entry = found.get(name) ?? { own: [], deeper: [] };
    found.set(name, entry);
    if (step.path.length === depth + 1) entry.own.push(step.edit);
    else entry.deeper.push(step);
  }
  return found;
}

function refuseBoth(deeper: readonly Step[], gone: boolean): void {
  if (gone && deeper.length > 0) throw new Refused("what is replaced cannot be edited", deeper[0]?.edit.at);
}

function twice(members: readonly [string, Written][]): string {
  const seen = new Set<string>();
  return members.find(([name]) => seen.size === seen.add(name).size)?.[0] ?? "";
}

/** Places that hold what is edited, the outermost alone. */
export function holders(edits: readonly Edit[]): Pointer[] {
  const all = [...new Set(edits.map(({ at }) => parent(at)))];
  return all.filter(
    (pointer) => !all.some((other) => other !== pointer && (other === "" || pointer.startsWith(`${other}/`))),
  );
}
