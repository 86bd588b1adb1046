/** Whether a text that somebody types is JSON, and what is wrong first. */
import { isTooDeep, TOO_DEEP } from "../document/depth";
import { Lines } from "../document/lines";
import { parseJson } from "../document/parse_json";

export interface JsonProblem {
  message: string;
  /** From 1. */
  line: number;
  column: number;
}

export function jsonProblem(text: string): JsonProblem | null {
  if (isTooDeep(text, "json")) return { message: TOO_DEEP, line: 1, column: 1 };
  const { problems } = parseJson(text, new Lines(text));
  return problems.find(({ severity }) => severity === "error") ?? null;
}

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
