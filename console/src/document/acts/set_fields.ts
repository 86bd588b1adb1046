/** Fields of a state get values, as a form gives them. */
import { type Content, Refused, writtenOf } from "../content";
import { differences } from "../differences";
import type { Document } from "../document";
import type { Edit } from "../edit";
import { pieceAt } from "../making";
import { child, last, type Pointer, parent, tokens } from "../pointer";
import { entries, isObject, type Value } from "../value";
import { type Act, act } from "./act";

/** `value`: undefined takes the field away. `at`: in the definition; what it is in may be missing, too. */
export interface Setting {
  at: Pointer;
  value: Content | undefined;
}

/** In which order the members of an object at a place are written; what is not among them goes to its end. */
export type OrderOf = (holder: Pointer) => readonly string[];

const AS_THEY_COME: OrderOf = () => [];

/**
 * All of them as one act. A field that takes the place of another one (`instead`) stands where that stood. What a field was the
 * last member of goes with it, but for the state itself. Raises Refused.
 */
export function setFields(
  document: Document,
  name: string,
  settings: readonly Setting[],
  { order = AS_THEY_COME, selection = null }: { order?: OrderOf; selection?: Pointer | null } = {},
): Act {
  const gone = settings.filter(({ at, value }) => value === undefined && document.at(at) !== undefined);
  const come = settings.filter(({ value }) => value !== undefined);
  const edits: Edit[] = [];
  const replaced = new Set<Pointer>();
  for (const { at, value } of come) {
    const before = document.at(at);
    const content = value as Content;
    if (before !== undefined) {
      edits.push(...differences(before, writtenOf(content) as Value, at));
      continue;
    }
    const instead = gone.find((each) => parent(each.at) === parent(at) && !replaced.has(each.at));
    if (instead) {
      replaced.add(instead.at);
      edits.push({ do: "rename", at: instead.at, to: last(at) }, { do: "set", at: instead.at, value: content });
    } else edits.push(inserted(document, at, content, order));
  }
  for (const { at } of gone) if (!replaced.has(at)) edits.push({ do: "remove", at: emptied(document, at, come) });
  return act(document, name, edits, selection);
}

/** The field, with the objects around it that are missing. */
function inserted(document: Document, at: Pointer, value: Content, order: OrderOf): Edit {
  const holder = document.at(parent(at));
  if (holder === undefined && at !== "") {
    return inserted(document, parent(at), new Map([[last(at), value]]), order);
  }
  if (Array.isArray(holder)) return { do: "insert", at, value };
  if (!isObject(holder)) throw new Refused(`${parent(at)} is not an object, so it has no ${last(at)}.`, parent(at));
  const present = entries(holder).map(([name]) => name);
  return { do: "insert", at, value, ...place(last(at), present, order(parent(at))) };
}

/** Behind the last of those that stand before it in the order. */
function place(name: string, present: readonly string[], order: readonly string[]): { after?: string | null } {
  const rank = order.indexOf(name);
  if (rank < 0) return {};
  const before = present.filter((each) => order.includes(each) && order.indexOf(each) < rank);
  const unknown = present.every((each) => !order.includes(each));
  return unknown ? {} : { after: before.at(-1) ?? null };
}

/** The outermost object that has nothing but what goes; never a state, or a scope. */
function emptied(document: Document, at: Pointer, come: readonly Setting[]): Pointer {
  const around = parent(at);
  const holder = document.at(around);
  const isAlone = (Array.isArray(holder) ? holder : entries(holder)).length === 1;
  const isState = tokens(around).at(-2) === "States" || around === "";
  const comes = come.some((each) => each.at.startsWith(`${around}/`));
  return isAlone && !isState && !comes ? emptied(document, around, come) : at;
}

/** An item goes to another place in its list. Raises Refused. */
export function moveItem(document: Document, name: string, list: Pointer, from: number, to: number): Act {
  const before = document.at(list);
  if (!Array.isArray(before) || from >= before.length || to >= before.length || from < 0 || to < 0) {
    throw new Refused(`There is no item ${from} to move to ${to} at ${list}.`, list);
  }
  if (from === to) return act(document, name, [], null);
  const piece = pieceAt(document, document.definitionAt + child(list, from));
  // The index of an insertion is that of the list before.
  const edits: Edit[] = [
    { do: "remove", at: child(list, from) },
    { do: "insert", at: child(list, to > from ? to + 1 : to), value: piece },
  ];
  return act(document, name, edits, null);
}
