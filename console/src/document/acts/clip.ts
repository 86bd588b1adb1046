/** States as they are copied and pasted: a definition of their own, as text. */
import { type Content, Refused } from "../content";
import { type Document, open } from "../document";
import type { Edit } from "../edit";
import { pieceAt } from "../making";
import { child, type Pointer } from "../pointer";
import { ends, scopes } from "../structure";
import { entries, isObject, member } from "../value";
import { blockText } from "../write_document";
import { act } from "./act";
import { languageOf } from "./language";
import { led, type Target } from "./leading";
import { referencesIn, stateAt, unused } from "./places";

/** A state as ASL that can be pasted anywhere, in the format of the document. Raises Refused. */
export function copied(document: Document, pointer: Pointer): string {
  const { name } = stateAt(document, pointer);
  const states = new Map([[name, pieceAt(document, document.definitionAt + pointer)]]);
  const habits = { ...document.habits, newline: "\n", manyLines: true } as const;
  const language = languageOf(document.definition) === "JSONata" ? { QueryLanguage: "JSONata" } : {};
  return blockText({ ...language, StartAt: name, States: states }, document.format, habits);
}

/** A document whose definition has States, of a definition, of states by their names, or of one state. Raises Refused. */
export function clipOf(text: string): Document {
  const document = open(text);
  document.refuseUnreadable();
  const { definition } = document;
  if (isObject(member(definition, "States"))) return document;
  const type = member(definition, "Type");
  const piece = pieceAt(document, document.definitionAt);
  if (typeof type === "string") return clipWith(new Map([[type, piece]]), document);
  const states = entries(definition);
  if (states.length === 0 || !states.every(([, state]) => typeof member(state, "Type") === "string")) {
    throw new Refused(
      "The clipboard has no state in it. Copy an object with a Type, or several of them by their names.",
    );
  }
  return clipWith(piece, document);
}

/** In the way in which a document is written. */
export function clipWith(states: Content, { format, habits }: Pick<Document, "format" | "habits">): Document {
  return open(blockText({ States: states }, format, { ...habits, newline: "\n", manyLines: true }), format);
}

/** `taken`: names that are not free; `near`: states that may be led to; `onwards`: what comes after, undefined if nothing has to. */
export interface Destination {
  taken: ReadonlySet<string>;
  near: ReadonlySet<string>;
  onwards: Target | undefined;
}

export interface Fitted {
  clip: Document;
  /** The state that is begun with. */
  first: string;
  /** Names that rules and catchers go on naming although there is no such state. */
  dangling: string[];
}

/** The clip with names that are free, and with ends: what led nowhere, or had none, leads on to what comes then. */
export function fitted(clip: Document, destination: Destination): Fitted {
  const names = newNames(clip, destination.taken);
  const own = new Set(entries(member(clip.definition, "States")).map(([name]) => name));
  const edits: Edit[] = [];
  const dangling = new Set<string>();
  for (const [pointer, scope] of scopes(clip.definition)) {
    const inside = entries(member(scope, "States")).map(([name]) => name);
    for (const name of inside) {
      const to = names.get(name) ?? name;
      if (to !== name) edits.push({ do: "rename", at: child(pointer, "States", name), to });
    }
    for (const { at, kind, target } of referencesIn(scope, pointer)) {
      const to = names.get(target) ?? target;
      if (inside.includes(target)) {
        if (to !== target) edits.push({ do: "set", at, value: to });
      } else if (pointer === "" && kind !== "next" && kind !== "start" && !destination.near.has(target)) {
        dangling.add(target);
      }
    }
  }
  for (const [name, state] of entries(member(clip.definition, "States"))) {
    const alone = own.size === 1 && destination.onwards !== undefined;
    edits.push(...ending(clip, child("", "States", name), state, own, destination, alone));
  }
  const start = member(clip.definition, "StartAt");
  const first = typeof start === "string" && own.has(start) ? start : ([...own][0] ?? "");
  const { document } = act(clip, "", edits, null);
  return { clip: document, first: names.get(first) ?? first, dangling: [...dangling] };
}

/** Those that are taken, with what they are called instead. */
function newNames(clip: Document, taken: ReadonlySet<string>): Map<string, string> {
  const used = new Set(taken);
  const all = [...scopes(clip.definition)].flatMap(([, scope]) =>
    entries(member(scope, "States")).map(([name]) => name),
  );
  for (const name of all) if (!taken.has(name)) used.add(name);
  const names = new Map<string, string>();
  for (const name of all) {
    if (!taken.has(name)) continue;
    names.set(name, unused(name, used));
    used.add(names.get(name) ?? name);
  }
  return names;
}

/** `alone`: it is the only one, so it leads on wherever it led before. */
function ending(
  clip: Document,
  pointer: Pointer,
  state: unknown,
  own: ReadonlySet<string>,
  { near, onwards }: Destination,
  alone: boolean,
): Edit[] {
  const type = member(state, "Type");
  if (!isObject(state) || type === "Succeed" || type === "Fail") return [];
  if (type === "Choice") {
    const needs = typeof onwards === "string" && member(state, "Default") === undefined;
    return needs ? [{ do: "insert", at: child(pointer, "Default"), value: onwards }] : [];
  }
  const next = member(state, "Next");
  if (typeof next === "string" && (own.has(next) || (near.has(next) && !alone))) return [];
  if (typeof next === "string") return led(clip, child(pointer, "Next"), onwards ?? null);
  if (ends(state)) return led(clip, child(pointer, "End"), onwards ?? null);
  const value = typeof onwards === "string" ? onwards : true;
  return [{ do: "insert", at: child(pointer, value === true ? "End" : "Next"), value }];
}
