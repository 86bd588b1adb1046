/** A transition leads elsewhere. */
import type { Document } from "../document";
import { child, type Pointer } from "../pointer";
import { type Act, act } from "./act";
import { led, refuseElsewhere, type Target, wayAt } from "./leading";

/** `to`: another state of the same scope, null for its end. Raises Refused. */
export function retarget(document: Document, edge: Pointer, to: Target): Act {
  const { scope, source } = wayAt(document, edge);
  refuseElsewhere(document, scope, to);
  const from = source === null ? "Start" : source;
  const selection = source === null ? scope : child(scope, "States", source);
  return act(document, `Lead ${from} to ${to ?? "End"}`, led(document, edge, to), selection);
}
