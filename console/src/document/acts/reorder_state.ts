/** A state stands elsewhere in the text; where it leads, and what leads to it, stays. */
import type { Document } from "../document";
import { pieceAt } from "../making";
import { child, type Pointer } from "../pointer";
import { type Act, act } from "./act";
import { stateAt } from "./places";

/** Behind the one called `after`, null: as the first of its scope. Raises Refused. */
export function reorderState(document: Document, pointer: Pointer, after: string | null): Act {
  const { scope, name } = stateAt(document, pointer);
  if (after === name) return act(document, `Move ${name}`, [], pointer);
  const value = pieceAt(document, document.definitionAt + pointer);
  // Under the same name: the place is made first, and then the old one goes.
  const edits = [{ do: "remove", at: pointer } as const, { do: "insert", at: pointer, value, after } as const];
  return act(document, `Move ${name}`, edits, child(scope, "States", name));
}
