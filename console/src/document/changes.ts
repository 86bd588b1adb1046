/** Edits by the node that holds what they are about. */
import type { Content } from "./content";
import type { Edit } from "./edit";
import { last, type Pointer, parent } from "./pointer";
import type { Splice } from "./splice";
import { type ArrayNode, holderOf, indexOf, type Node, type ObjectNode } from "./tree";

/** What comes new into a holder; items of arrays have no name. */
export interface Entry {
  name: string | null;
  content: Content;
}

/** By indexes of the holder; `inserts`: behind which index, -1 for the front. */
export interface Changes {
  holder: ObjectNode | ArrayNode;
  sets: Map<number, Content>;
  renames: Map<number, string>;
  removed: Set<number>;
  inserts: Map<number, Entry[]>;
}

/** Null if a place is not there. Raises BehindAlias. */
export function byHolder(root: Node, edits: readonly Edit[]): Map<Pointer, Changes> | null {
  const found = new Map<Pointer, Changes>();
  for (const edit of edits) {
    const at = holderOf(root, edit.at);
    if (at === null || (at.index < 0 && edit.do !== "insert")) return null;
    const pointer = parent(edit.at);
    const changes = found.get(pointer) ?? none(at.holder);
    found.set(pointer, changes);
    add(changes, edit, at.index);
  }
  return found;
}

function none(holder: ObjectNode | ArrayNode): Changes {
  return { holder, sets: new Map(), renames: new Map(), removed: new Set(), inserts: new Map() };
}

function add(changes: Changes, edit: Edit, index: number): void {
  switch (edit.do) {
    case "set":
      changes.sets.set(index, edit.value);
      break;
    case "rename":
      changes.renames.set(index, edit.to);
      break;
    case "remove":
      changes.removed.add(index);
      break;
    case "insert": {
      const after = indexBefore(changes.holder, edit);
      const isItem = changes.holder.kind === "array";
      const entry = { name: isItem ? null : last(edit.at), content: edit.value };
      changes.inserts.set(after, [...(changes.inserts.get(after) ?? []), entry]);
    }
  }
}

/** `name`: how a name is written that stands at a place of the text. */
export function renaming({ holder, renames }: Changes, name: (to: string, at: number) => string): Splice[] {
  if (holder.kind !== "object") return [];
  return [...renames].flatMap(([index, to]) => {
    const member = holder.members[index];
    return member ? [{ from: member.from, to: member.to, insert: name(to, member.from) }] : [];
  });
}

function indexBefore(holder: ObjectNode | ArrayNode, edit: Edit & { do: "insert" }): number {
  if (holder.kind === "array") return Number(last(edit.at)) - 1;
  if (edit.after === null) return -1;
  const named = edit.after === undefined ? -1 : indexOf(holder, edit.after);
  return named < 0 ? holder.members.length - 1 : named;
}

export function size(holder: ObjectNode | ArrayNode): number {
  return holder.kind === "object" ? holder.members.length : holder.items.length;
}

/** Stretches of indexes that are removed together, first and last. */
export function runs({ removed }: Changes): [first: number, last: number][] {
  const found: [number, number][] = [];
  for (const index of [...removed].sort((a, b) => a - b)) {
    const previous = found.at(-1);
    if (previous && previous[1] === index - 1) previous[1] = index;
    else found.push([index, index]);
  }
  return found;
}

/** The nearest one before that stays; -1 if there is none. */
export function staying({ removed }: Changes, index: number): number {
  let at = index;
  while (at >= 0 && removed.has(at)) at -= 1;
  return at;
}
