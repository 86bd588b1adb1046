/** A state gets another name, and all that leads to it follows. */
import type { Document } from "../document";
import type { Edit } from "../edit";
import { child, type Pointer } from "../pointer";
import { type Act, act } from "./act";
import { allNames, references, refuseName, stateAt } from "./places";

/** Raises Refused. */
export function renameState(document: Document, pointer: Pointer, to: string): Act {
  const { scope, name } = stateAt(document, pointer);
  const taken = allNames(document.definition);
  taken.delete(name);
  refuseName(to, taken);
  const edits: Edit[] = to === name ? [] : [{ do: "rename", at: pointer, to }];
  for (const { at, target } of edits.length > 0 ? references(document, scope) : []) {
    if (target === name) edits.push({ do: "set", at, value: to });
  }
  return act(document, `Rename ${name} to ${to}`, edits, child(scope, "States", to));
}
