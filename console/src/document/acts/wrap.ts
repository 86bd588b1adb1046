/** A state comes to stand within a Parallel or a Map, which takes its place. */
import { type Content, type Piece, Refused } from "../content";
import type { Document } from "../document";
import type { Edit } from "../edit";
import { pieceAt } from "../making";
import { child, type Pointer } from "../pointer";
import { ends } from "../structure";
import { member } from "../value";
import { type Act, act } from "./act";
import { clipOf, copied } from "./clip";
import { led } from "./leading";
import { allNames, references, type State, stateAt, unused } from "./places";

/** As its first branch. Its output is then the only item of a list. Raises Refused. */
export function wrapInParallel(document: Document, pointer: Pointer): Act {
  return wrapped(document, pointer, "Parallel", (scope) => [["Branches", [scope]]]);
}

/** As what is done with each item. Raises Refused. */
export function wrapInMap(document: Document, pointer: Pointer): Act {
  const processor = (scope: Content) => ({ ProcessorConfig: { Mode: "INLINE" }, ...(scope as object) });
  return wrapped(document, pointer, "Map", (scope) => [["ItemProcessor", processor(scope)]]);
}

function wrapped(
  document: Document,
  pointer: Pointer,
  type: "Parallel" | "Map",
  holding: (scope: Content) => [string, Content][],
): Act {
  const state = stateAt(document, pointer);
  const { scope, name, value } = state;
  if (member(value, "Type") === "Choice") {
    throw new Refused(
      `The rules of ${name} lead out of what would be wrapped: wrap the states that it leads to instead.`,
      pointer,
    );
  }
  const wrapper = unused(type, allNames(document.definition));
  const { inner, caught } = inside(document, state);
  const next = member(value, "Next");
  const leaving: [string, Content] =
    typeof next === "string" ? ["Next", next === name ? wrapper : next] : ["End", true];
  const content = new Map<string, Content>([
    ["Type", type],
    ...holding({ StartAt: name, States: new Map([[name, inner]]) }),
    ...(caught ? [["Catch", caught] as [string, Content]] : []),
    leaving,
  ]);
  const edits: Edit[] = [
    { do: "rename", at: pointer, to: wrapper },
    { do: "set", at: pointer, value: content },
  ];
  for (const { at, source, target } of references(document, scope)) {
    if (target === name && source !== name) edits.push({ do: "set", at, value: wrapper });
  }
  return act(document, `Wrap ${name} in a ${type}`, edits, child(scope, "States", wrapper));
}

/** The state as it is then: it ends its scope, and what it caught is caught outside, where that leads. */
function inside(document: Document, { pointer, name, value }: State): { inner: Piece; caught: Piece | null } {
  const catches = member(value, "Catch") !== undefined;
  const caught = catches ? pieceAt(document, document.definitionAt + child(pointer, "Catch")) : null;
  const clip = clipOf(copied(document, pointer));
  const at = child("", "States", name);
  const edits: Edit[] = catches ? [{ do: "remove", at: child(at, "Catch") }] : [];
  if (typeof member(value, "Next") === "string") edits.push(...led(clip, child(at, "Next"), null));
  else if (!ends(value)) edits.push({ do: "insert", at: child(at, "End"), value: true });
  return { inner: pieceAt(act(clip, "", edits, null).document, at).alone(), caught };
}
