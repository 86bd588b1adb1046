/** Where transitions lead, and edits that make them lead elsewhere. */
import { Refused } from "../content";
import type { Document } from "../document";
import type { Edit } from "../edit";
import { type Pointer, parent } from "../pointer";
import { ends } from "../structure";
import { member } from "../value";
import { located, namesIn, references, type State } from "./places";

/** The name of a state; null: the end of the scope. */
export type Target = string | null;

/** An edge by the pointer of what says where it leads: `.../Next`, `.../End`, `/StartAt`, `.../Catch/0/Next`. */
export interface Way {
  at: Pointer;
  scope: Pointer;
  /** The state that it leaves; null: the start of the scope. */
  source: string | null;
  target: Target;
}

/** Raises Refused if no edge can be there. */
export function wayAt(document: Document, edge: Pointer): Way {
  const { scope, state, rest } = located(edge);
  const target = document.at(edge);
  const isStart = state === null && rest === "/StartAt";
  const isLed = state !== null && /^\/(Next|Default|Choices\/\d+\/Next|Catch\/\d+\/Next)$/.test(rest);
  if ((isStart || isLed) && typeof target === "string") return { at: edge, scope, source: state, target };
  if (state !== null && rest === "/End" && ends(document.at(parent(edge)))) {
    return { at: edge, scope, source: state, target: null };
  }
  throw new Refused(`There is no transition at ${edge}.`, edge);
}

/** Edits that make a transition lead to another state of its scope, or end there. */
export function led(document: Document, edge: Pointer, to: Target): Edit[] {
  const rest = edge.slice(edge.lastIndexOf("/"));
  const isWhole = located(edge).rest === rest && located(edge).state !== null;
  const is = (name: string) => isWhole && rest === `/${name}`;
  if (is("End")) {
    if (to === null) return [];
    if (document.at(edge) !== true) {
      throw new Refused("Succeed and Fail end the execution: nothing comes after them.", parent(edge));
    }
    return [
      { do: "rename", at: edge, to: "Next" },
      { do: "set", at: edge, value: to },
    ];
  }
  if (to !== null) {
    const isThere = document.at(edge) !== undefined;
    return [isThere ? { do: "set", at: edge, value: to } : { do: "insert", at: edge, value: to }];
  }
  if (!is("Next"))
    throw new Refused("Only a Next can be replaced by an end: lead this to a Succeed state instead.", edge);
  return [
    { do: "rename", at: edge, to: "End" },
    { do: "set", at: edge, value: true },
  ];
}

/** Where a state leads by itself: its Next, of a Choice its Default; null if it ends or says nothing. */
export function successor(state: unknown): Target {
  const next = member(state, member(state, "Type") === "Choice" ? "Default" : "Next");
  return typeof next === "string" ? next : null;
}

/**
 * Edits by which all that leads to a state leads to what comes after it. `dangling`: what cannot, since nothing does: it goes on
 * naming the state. `except`: an edge that is left alone.
 */
export function bridged(
  document: Document,
  { scope, name, value }: State,
  except?: Pointer,
): { edits: Edit[]; dangling: Pointer[] } {
  const after = successor(value);
  const to = after === name ? null : after;
  const edits: Edit[] = [];
  const dangling: Pointer[] = [];
  for (const { at, kind, source, target } of references(document, scope)) {
    if (target !== name || source === name || at === except) continue;
    if (to !== null || kind === "next") edits.push(...led(document, at, to));
    else dangling.push(at);
  }
  return { edits, dangling };
}

/** Raises Refused unless the scope has that state. */
export function refuseElsewhere(document: Document, scope: Pointer, target: Target): void {
  if (target === null || namesIn(document, scope).has(target)) return;
  throw new Refused(`${target} is not in the same scope: transitions stay within their branch or their Map.`, scope);
}
