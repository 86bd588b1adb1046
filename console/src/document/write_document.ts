/** A whole value as a text. */
import type { Content } from "./content";
import type { Habits } from "./habits";
import type { Written } from "./tree";
import { entries, isObject } from "./value";
import { body } from "./write_block";
import { flow } from "./write_flow";
import { scalar } from "./yaml_words";

export const HABITS: Habits = { unit: "  ", newline: "\n", manyLines: true, inlineLists: true, deepDashes: true };

/** With a line break at its end. */
export function blockText(value: Content | Written, format: "json" | "yaml", habits: Habits = HABITS): string {
  if (format === "json") return flow(value, { json: true, pad: habits.manyLines ? "" : null, habits }) + habits.newline;
  const isNested = Array.isArray(value) || isObject(value);
  if (isNested && (Array.isArray(value) ? value : entries(value)).length > 0) {
    return body(value, 0, habits).join(habits.newline) + habits.newline;
  }
  return (isNested ? (Array.isArray(value) ? "[]" : "{}") : scalar(value as null, false)) + habits.newline;
}
