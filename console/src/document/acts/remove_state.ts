/** A state goes, and what led to it leads to what came after it. */
import type { Document } from "../document";
import type { Pointer } from "../pointer";
import { type Act, act } from "./act";
import { bridged } from "./leading";
import { stateAt } from "./places";

/** Raises Refused. */
export function removeState(document: Document, pointer: Pointer): Act {
  const state = stateAt(document, pointer);
  const { edits, dangling } = bridged(document, state);
  const notes = dangling.map((at) => `${at} still names ${state.name}: nothing came after it.`);
  return act(document, `Remove ${state.name}`, [...edits, { do: "remove", at: pointer }], null, notes);
}
