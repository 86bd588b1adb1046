/** Which variables there are where: those that a scope and all around it assign. */
import type { Document } from "../document";
import { located } from "../document/acts/places";
import { type Pointer, parent } from "../document/pointer";
import { entries, items, member } from "../document/value";

/** In order of their names. `at`: a state, or anything in it. */
export function variablesAt(document: Document, at: Pointer): string[] {
  const found = new Set<string>();
  for (let scope: Pointer | null = located(at).scope; scope !== null; scope = around(scope)) {
    for (const [, state] of entries(member(document.at(scope), "States"))) {
      for (const name of assigned(state)) found.add(name);
    }
  }
  return [...found].sort();
}

function around(scope: Pointer): Pointer | null {
  return scope === "" ? null : located(parent(scope)).scope;
}

function* assigned(state: unknown): Generator<string> {
  const assigning = [state, ...items(member(state, "Choices")), ...items(member(state, "Catch"))];
  for (const each of assigning) {
    for (const [name] of entries(member(each, "Assign"))) yield name.replace(/\.\$$/, "");
  }
}
