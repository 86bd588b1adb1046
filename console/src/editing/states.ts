/** States by their places. */
import { located } from "../document/acts/places";
import { child, type Pointer, parent } from "../document/pointer";
import type { Trouble } from "./snapshot";

/** The innermost state that a place is in; null outside of all. */
export function stateAround(pointer: Pointer | null): Pointer | null {
  if (pointer === null) return null;
  const { scope, state } = located(pointer);
  if (state !== null) return child(scope, "States", state);
  // In a branch or an item processor, but in none of its states.
  return scope === "" ? null : stateAround(parent(scope.replace(/\/Branches\/\d+$/, "/Branches")));
}

/** What is wrong with each state, and with what is in it but for states. */
export function byState(problems: readonly Trouble[]): Map<Pointer, Trouble[]> {
  const found = new Map<Pointer, Trouble[]>();
  for (const trouble of problems) {
    const state = stateAround(trouble.pointer);
    if (state === null) continue;
    const own = found.get(state);
    if (own) own.push(trouble);
    else found.set(state, [trouble]);
  }
  return found;
}
