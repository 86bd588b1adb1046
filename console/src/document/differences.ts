/** The edits between two values: as small as they can be, so that comments and the order of what stays stay, too. */
import { type Content, equal } from "./content";
import type { Edit } from "./edit";
import { child, type Pointer } from "./pointer";
import type { Written } from "./tree";
import type { Value } from "./value";

/** `at`: where the value stands. None if both are equal. */
export function differences(before: Value, after: Value, at: Pointer): Edit[] {
  if (equal(before as Written, after as Written)) return [];
  if (before instanceof Map && after instanceof Map) return ofObjects(before, after, at);
  if (Array.isArray(before) && Array.isArray(after)) return ofArrays(before, after, at);
  return [{ do: "set", at, value: after as Content }];
}

type Members = ReadonlyMap<string, Value>;

function ofObjects(before: Members, after: Members, at: Pointer): Edit[] {
  const kept = [...before.keys()].filter((name) => after.has(name));
  const inOrder = [...after.keys()].filter((name) => before.has(name));
  // An order that has changed has no smaller edit than the whole.
  if (kept.some((name, index) => name !== inOrder[index])) return [{ do: "set", at, value: after as Content }];
  const edits: Edit[] = [];
  const [gone, come] = [runs(before, after), runs(after, before)];
  for (const [behind, names] of come) {
    // What comes in the place of what goes, and is of its kind, is that by another name: what belongs to it stays.
    const left = gone.get(behind) ?? [];
    const removed: string[] = [];
    let anchor = behind;
    for (const name of names) {
      const value = after.get(name) as Value;
      const index = left.findIndex((old) => kindOf(before.get(old)) === kindOf(value));
      const old = left[index];
      if (old === undefined) {
        edits.push({ do: "insert", at: child(at, name), value: value as Content, after: anchor });
        continue;
      }
      removed.push(...left.splice(0, index + 1).slice(0, -1));
      edits.push({ do: "rename", at: child(at, old), to: name });
      edits.push(...differences(before.get(old) as Value, value, child(at, old)));
      anchor = old;
    }
    gone.set(behind, [...removed, ...left]);
  }
  for (const names of gone.values()) for (const name of names) edits.push({ do: "remove", at: child(at, name) });
  for (const name of kept)
    edits.push(...differences(before.get(name) as Value, after.get(name) as Value, child(at, name)));
  return edits;
}

function kindOf(value: Value | undefined): "object" | "list" | "other" {
  if (value instanceof Map) return "object";
  return Array.isArray(value) ? "list" : "other";
}

/** Names that only the first has, by the one behind which they stand that both have; null: in front of all. */
function runs(of: Members, other: Members): Map<string | null, string[]> {
  const found = new Map<string | null, string[]>();
  let behind: string | null = null;
  for (const name of of.keys()) {
    if (other.has(name)) behind = name;
    else found.set(behind, [...(found.get(behind) ?? []), name]);
  }
  return found;
}

/** What is equal at the beginning and at the end is left alone; between them items are compared one by one. */
function ofArrays(before: readonly Value[], after: readonly Value[], at: Pointer): Edit[] {
  const shorter = Math.min(before.length, after.length);
  const same = (a: number, b: number) => equal(before[a] as Written, after[b] as Written);
  let head = 0;
  while (head < shorter && same(head, head)) head += 1;
  let tail = 0;
  while (tail < shorter - head && same(before.length - 1 - tail, after.length - 1 - tail)) tail += 1;
  const edits: Edit[] = [];
  const [lastBefore, lastAfter] = [before.length - tail, after.length - tail];
  for (let index = head; index < Math.max(lastBefore, lastAfter); index += 1) {
    const [old, now] = [before[index], after[index]];
    if (index >= lastAfter) edits.push({ do: "remove", at: child(at, index) });
    else if (index >= lastBefore) edits.push({ do: "insert", at: child(at, lastBefore), value: now as Content });
    else edits.push(...differences(old as Value, now as Value, child(at, index)));
  }
  return edits;
}
