/** Where things are in a definition, and what leads to them. */
import { Refused } from "../content";
import type { Document } from "../document";
import { child, type Pointer, tokens } from "../pointer";
import { scopes, type TransitionKind, transitions } from "../structure";
import { entries, isObject, member, type Value } from "../value";

/** A place as its innermost scope, the state in that (null: none), and what is left below. */
export interface Located {
  scope: Pointer;
  state: string | null;
  rest: Pointer;
}

export function located(pointer: Pointer): Located {
  const names = tokens(pointer);
  let scope = "";
  let at = 0;
  while (names[at] === "States" && names[at + 1] !== undefined) {
    const state = names[at + 1] ?? "";
    const steps = inward(names.slice(at + 2));
    if (steps.length === 0) return { scope, state, rest: child("", ...names.slice(at + 2)) };
    scope = child(scope, "States", state, ...steps);
    at += 2 + steps.length;
  }
  return { scope, state: null, rest: child("", ...names.slice(at)) };
}

function inward([field, index]: string[]): string[] {
  if (field === "Branches" && index !== undefined) return [field, index];
  return field === "ItemProcessor" || field === "Iterator" ? [field] : [];
}

/** A state that must be there. */
export interface State {
  pointer: Pointer;
  scope: Pointer;
  name: string;
  value: Value;
}

/** Raises Refused if there is no such state. */
export function stateAt(document: Document, pointer: Pointer): State {
  const { scope, state, rest } = located(pointer);
  const value = document.at(pointer);
  if (state === null || rest !== "" || !isObject(value)) throw new Refused(`There is no state at ${pointer}.`, pointer);
  return { pointer, scope, name: state, value };
}

/** The names of a scope's states. */
export function namesIn(document: Document, scope: Pointer): Set<string> {
  return new Set(entries(member(document.at(scope), "States")).map(([name]) => name));
}

/** All names of the machine: they are unique in it, not only in their scope. */
export function allNames(definition: unknown): Set<string> {
  const names = new Set<string>();
  for (const [, scope] of scopes(definition)) {
    for (const [name] of entries(member(scope, "States"))) names.add(name);
  }
  return names;
}

const LONGEST_NAME = 80;

/** The name, or the next free one: `Ship 2`. */
export function unused(wish: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wish)) return wish;
  const [, stem = wish, number = "1"] = /^(.*?) (\d{1,6})$/.exec(wish) ?? [];
  for (let next = Number(number) + 1; ; next += 1) {
    const name = `${stem.slice(0, LONGEST_NAME - String(next).length - 1)} ${next}`;
    if (!taken.has(name)) return name;
  }
}

/** Raises Refused if a state cannot be called so. */
export function refuseName(name: string, taken: ReadonlySet<string>): void {
  if (name === "" || Array.from(name).length > LONGEST_NAME) {
    throw new Refused(`A state's name has 1 to ${LONGEST_NAME} characters.`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) throw new Refused("A state's name cannot contain control characters.");
  if (taken.has(name))
    throw new Refused(`There is a state called ${name} already: names are unique in the whole machine.`);
}

/** What names a state of its scope. `source`: the state that it is in; null for StartAt. */
export interface Reference {
  at: Pointer;
  kind: TransitionKind;
  source: string | null;
  target: string;
}

export function references(document: Document, scope: Pointer): Reference[] {
  return referencesIn(document.at(scope), scope);
}

/** `pointer`: where the scope is. */
export function referencesIn(scope: unknown, pointer: Pointer): Reference[] {
  const found: Reference[] = [];
  const start = member(scope, "StartAt");
  if (typeof start === "string") found.push({ at: `${pointer}/StartAt`, kind: "start", source: null, target: start });
  for (const [source, state] of entries(member(scope, "States"))) {
    for (const { kind, target, where } of transitions(state)) {
      if (typeof target !== "string") continue;
      found.push({ at: child(pointer, "States", source) + where, kind, source, target });
    }
  }
  return found;
}
