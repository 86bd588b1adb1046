/** Values as people type them in a line: a text as it is, anything else as JSON. */
import { open } from "../document";
import type { Content } from "../document/content";
import type { Value } from "../document/value";
import { HABITS } from "../document/write_document";
import { flow } from "../document/write_flow";

/** As JSON, of several lines if it is long. Numbers as they are written. */
export function json(value: Value): string {
  const line = flow(value as Content, { json: true, pad: null, habits: HABITS });
  return line.length <= ONE_LINE ? line : flow(value as Content, { json: true, pad: "", habits: HABITS });
}

const ONE_LINE = 60;

/** The value of a JSON text; what is wrong with it, if something is. */
export function ofJson(text: string): { value: Value; problem: null } | { value: null; problem: string } {
  const document = open(text, "json");
  const found = document.problems.find(({ severity }) => severity === "error");
  if (found) return { value: null, problem: found.message };
  return document.root === null
    ? { value: null, problem: "a value is expected here" }
    : { value: document.value, problem: null };
}

/** As it is typed: `typed` gives the same value again. */
export function shown(value: Value): string {
  if (typeof value !== "string") return json(value);
  const again = typed(value);
  return again === value ? value : JSON.stringify(value);
}

/** What is no JSON is a text. */
export function typed(text: string): Value {
  if (!/^\s*(["[{\d-]|true\b|false\b|null\b)/.test(text)) return text;
  const { value, problem } = ofJson(text);
  return problem === null ? value : text;
}
