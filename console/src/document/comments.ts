/** Comments of a text; JSON has none. */
import { Lexer } from "yaml";
import type { Document } from "./document";

const SCALAR = "\u001f";

export interface Comment {
  line: number;
  text: string;
}

export function commentsOf({ text, format }: Document): Comment[] {
  if (format === "json" || !text.includes("#")) return [];
  const found: Comment[] = [];
  let line = 1;
  let isScalar = false;
  for (const token of new Lexer().lex(text)) {
    if (!isScalar && token.startsWith("#")) found.push({ line, text: token });
    isScalar = token === SCALAR;
    for (let at = token.indexOf("\n"); at >= 0; at = token.indexOf("\n", at + 1)) line += 1;
  }
  return found;
}

/** Those of the first that the second has no longer. */
export function lostBetween(before: Document, after: Document): string[] {
  const kept = new Map<string, number>();
  for (const { text } of commentsOf(after)) kept.set(text, (kept.get(text) ?? 0) + 1);
  return commentsOf(before).flatMap(({ text }) => {
    const count = kept.get(text) ?? 0;
    kept.set(text, count - 1);
    return count > 0 ? [] : [text];
  });
}
