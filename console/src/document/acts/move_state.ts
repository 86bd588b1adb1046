/** A state goes elsewhere in the flow: what led to it leads on, and it stands on another edge. */
import { Refused } from "../content";
import type { Document } from "../document";
import { child, type Pointer } from "../pointer";
import { type Act, act } from "./act";
import { clipOf, copied } from "./clip";
import { bridged, led, successor, wayAt } from "./leading";
import { put } from "./paste";
import { allNames, stateAt } from "./places";

/** Raises Refused. */
export function moveState(document: Document, pointer: Pointer, edge: Pointer): Act {
  const state = stateAt(document, pointer);
  const way = wayAt(document, edge);
  const name = `Move ${state.name}`;
  if (edge.startsWith(`${pointer}/`)) {
    if (way.scope === state.scope) return act(document, name, [], pointer);
    throw new Refused(`${state.name} cannot be moved into itself.`, edge);
  }
  const { edits, dangling } = bridged(document, state, edge);
  const notes = dangling.map((at) => `${at} still names ${state.name}: nothing came after it.`);
  if (way.scope !== state.scope) {
    // Its own name is free: it goes from where it was.
    const taken = allNames(document.definition);
    for (const each of allNames(clipOf(copied(document, pointer)).definition)) taken.delete(each);
    const moved = put(document, { edge }, clipOf(copied(document, pointer)), taken, () => name, [
      ...edits,
      { do: "remove", at: pointer },
    ]);
    return { ...moved, notes: [...notes, ...moved.notes] };
  }
  const then = way.target === state.name ? successor(state.value) : way.target;
  if (way.target !== state.name) edits.push(...led(document, edge, state.name));
  edits.push(...onwards(document, pointer, then));
  return act(document, name, edits, pointer, notes);
}

/** Where it leads then; a Choice by its Default, and what ends the execution still does. */
function onwards(document: Document, pointer: Pointer, then: string | null) {
  const fields = document.at(pointer);
  const type = fields instanceof Map ? fields.get("Type") : undefined;
  if (type === "Succeed" || type === "Fail") return [];
  if (type === "Choice") return then === null ? [] : led(document, child(pointer, "Default"), then);
  const hasEnd = fields instanceof Map && fields.get("End") === true;
  return led(document, child(pointer, hasEnd ? "End" : "Next"), then);
}
