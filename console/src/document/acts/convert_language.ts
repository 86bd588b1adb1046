/** A state, or the machine, as it is in the other query language. What that is, is found elsewhere; here it is written. */
import { differences } from "../differences";
import type { Document } from "../document";
import type { Pointer } from "../pointer";
import { NumberText, type Value } from "../value";
import { type Act, act } from "./act";

/** `value`: what stands at `pointer` then. Fields that have other names stay where they are, with their comments. Raises Refused. */
export function convertLanguage(document: Document, name: string, pointer: Pointer, value: Value): Act {
  const edits = differences(document.at(pointer) ?? null, value, pointer);
  // Numbers that are equal stay as they are written.
  const needed = edits.filter((edit) => edit.do !== "set" || !areEqual(document.at(edit.at), edit.value));
  return act(document, name, needed, pointer === "" ? null : pointer);
}

const areEqual = (before: unknown, after: unknown): boolean =>
  before instanceof NumberText && after instanceof NumberText && Number(before.text) === Number(after.text);
