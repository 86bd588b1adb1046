/** States come in: from the clipboard, from the palette, from elsewhere in the machine. */
import { type Content, Refused } from "../content";
import type { Document } from "../document";
import type { Edit } from "../edit";
import { pieceAt } from "../making";
import { child, type Pointer } from "../pointer";
import { ends } from "../structure";
import { entries, isObject, member } from "../value";
import { type Act, act } from "./act";
import { clipOf, clipWith, fitted } from "./clip";
import { inLanguageOf } from "./language";
import { led, type Target, wayAt } from "./leading";
import { allNames, namesIn, refuseName, stateAt } from "./places";

/** On an edge: between what it leaves and what it leads to. After a state. Into a scope, where nothing leads to it yet. */
export type Where = { edge: Pointer } | { after: Pointer } | { scope: Pointer };

/** A new state; its name is made unique. `fields` as in the language, without Next and End. Raises Refused. */
export function insertState(document: Document, where: Where, name: string, fields: Record<string, Content>): Act {
  refuseName(name, new Set());
  const clip = clipWith({ [name]: fields } as Content, document);
  return put(document, where, clip, allNames(document.definition), (first) => `Add ${first}`);
}

/** `text`: a definition, states by their names, or one state, as JSON or YAML. Raises Refused. */
export function paste(document: Document, where: Where, text: string): Act {
  const { clip, notes } = inLanguageOf(clipOf(text), document);
  const done = put(document, where, clip, allNames(document.definition), (first) => `Paste ${first}`);
  return { ...done, notes: [...notes, ...done.notes] };
}

/** `also`: further edits of the same act. */
export function put(
  document: Document,
  where: Where,
  clip: Document,
  taken: ReadonlySet<string>,
  named: (first: string) => string,
  also: readonly Edit[] = [],
): Act {
  const { scope, after, edge, onwards } = placed(document, where);
  const { clip: ready, first, dangling } = fitted(clip, { taken, near: namesIn(document, scope), onwards });
  const edits: Edit[] = [...also];
  if (edge !== null) edits.push(...led(document, edge, first));
  const states = entries(member(ready.definition, "States")).map(([name]) => name);
  const there = member(document.at(scope), "States");
  const pieces = states.map((name) => [name, stateIn(ready, name, document)] as const);
  // Nothing else is there to begin with, whatever StartAt may name.
  if (edge === null && entries(there).length === 0) {
    const at = child(scope, "StartAt");
    edits.push({ do: document.at(at) === undefined ? "insert" : "set", at, value: first });
  }
  if (isObject(there)) {
    for (const [name, value] of pieces) edits.push({ do: "insert", at: child(scope, "States", name), value, ...after });
  } else edits.push({ do: "insert", at: child(scope, "States"), value: new Map(pieces) });
  const notes = dangling.map((name) => `There is no state ${name} here: a rule or a catcher that was pasted names it.`);
  return act(document, named(first), edits, child(scope, "States", first), notes);
}

/** JSON that is indented otherwise is written anew: nothing is lost by it. */
function stateIn(clip: Document, name: string, { format, habits }: Document): Content {
  const piece = pieceAt(clip, clip.definitionAt + child("/States", name));
  return format === "json" && clip.habits.unit !== habits.unit ? (piece.value as Content) : piece;
}

interface Placed {
  scope: Pointer;
  /** Behind which state it is written. */
  after: { after?: string | null };
  edge: Pointer | null;
  onwards: Target | undefined;
}

function placed(document: Document, where: Where): Placed {
  if ("scope" in where) {
    const isBlank = where.scope === "" && document.root === null;
    if (!isBlank && !isObject(document.at(where.scope)))
      throw new Refused(`There is no scope at ${where.scope}.`, where.scope);
    return { scope: where.scope, after: {}, edge: null, onwards: undefined };
  }
  const edge = "edge" in where ? where.edge : behind(document, where.after);
  const { scope, source, target } = wayAt(document, edge);
  return { scope, after: { after: source }, edge, onwards: target };
}

/** The edge by which a state is left. */
function behind(document: Document, pointer: Pointer): Pointer {
  const { name, value } = stateAt(document, pointer);
  const type = member(value, "Type");
  if (type === "Choice") throw new Refused(`${name} goes on by its rules: choose one of them.`, pointer);
  if (type === "Succeed" || type === "Fail")
    throw new Refused(`${name} ends the execution: nothing comes after it.`, pointer);
  if (typeof member(value, "Next") !== "string" && !ends(value)) {
    throw new Refused(`${name} has neither Next nor End: say first where it leads.`, pointer);
  }
  return child(pointer, typeof member(value, "Next") === "string" ? "Next" : "End");
}
