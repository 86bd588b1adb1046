/** States that come in say in which language they are, where those around them are in another one. */
import type { Document } from "../document";
import type { Edit } from "../edit";
import { child } from "../pointer";
import { scopes } from "../structure";
import { entries, isObject, member } from "../value";
import { act } from "./act";

/** Of what has no language of its own. */
export const languageOf = (definition: unknown): "JSONPath" | "JSONata" =>
  member(definition, "QueryLanguage") === "JSONata" ? "JSONata" : "JSONPath";

const OF_JSONPATH = ["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "ItemsPath"];

/** The clip as it is to be written there. `notes`: what has to be done by hand, as a machine in JSONata has no states in JSONPath. */
export function inLanguageOf(clip: Document, document: Document): { clip: Document; notes: string[] } {
  const [own, here] = [languageOf(clip.definition), languageOf(document.definition)];
  const silent = [...scopes(clip.definition)].flatMap(([pointer, scope]) =>
    entries(member(scope, "States"))
      .filter(([, state]) => isObject(state) && member(state, "QueryLanguage") === undefined)
      .map(([name, state]) => ({ at: child(pointer, "States", name), name, state })),
  );
  if (own === "JSONata" && here === "JSONPath") {
    const edits = silent.map(
      ({ at }): Edit => ({ do: "insert", at: child(at, "QueryLanguage"), value: "JSONata", after: "Type" }),
    );
    return { clip: act(clip, "", edits, null).document, notes: [] };
  }
  const foreign = own === here ? [] : silent.filter(({ state }) => OF_JSONPATH.some((field) => has(state, field)));
  const names = foreign.map(({ name }) => name).join(", ");
  return { clip, notes: names ? [`This machine is in JSONata, and these states are in JSONPath: ${names}.`] : [] };
}

const has = (state: unknown, field: string): boolean => member(state, field) !== undefined;
