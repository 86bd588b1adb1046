/**
 * Whether a text is nested deeper than anybody writes, found without reading it: parsers recurse, and where the stack ends a
 * browser may end the whole page, since a regular expression that is compiled there cannot fail.
 */
import type { Format } from "./document";

/** The server refuses deeper values, too. */
const DEEPEST = 400;
/** Each level of YAML that has no brackets is further in. */
const WIDEST_INDENT = 800;

export const TOO_DEEP = `nested deeper than the ${DEEPEST} levels that are allowed`;

export function isTooDeep(text: string, format: Format): boolean {
  if (format === "yaml" && new RegExp(`^[ \\t?:-]{${WIDEST_INDENT}}`, "m").test(text)) return true;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth = Math.max(0, depth - 1);
    else if (character === '"' && format === "json") at = endOfString(text, at);
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** Where its closing quote is. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
