/** A Parallel state gets one more branch. */
import { Refused } from "../content";
import type { Document } from "../document";
import type { Edit } from "../edit";
import { child, type Pointer } from "../pointer";
import { member } from "../value";
import { type Act, act } from "./act";
import { allNames, stateAt, unused } from "./places";

/** With a Pass state in it, since a branch cannot be empty. Raises Refused. */
export function addBranch(document: Document, pointer: Pointer): Act {
  const { name, value } = stateAt(document, pointer);
  if (member(value, "Type") !== "Parallel") throw new Refused("Only a Parallel state has branches.", pointer);
  const first = unused("Pass", allNames(document.definition));
  const branch = { StartAt: first, States: { [first]: { Type: "Pass", End: true } } };
  const branches = member(value, "Branches");
  const count = Array.isArray(branches) ? branches.length : 0;
  const edit: Edit = Array.isArray(branches)
    ? { do: "insert", at: child(pointer, "Branches", count), value: branch }
    : { do: branches === undefined ? "insert" : "set", at: child(pointer, "Branches"), value: [branch] };
  return act(document, `Add a branch to ${name}`, [edit], child(pointer, "Branches", count, "States", first));
}
