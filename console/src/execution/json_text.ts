/**
 * JSON as people read it, out of the text as it was stored: nothing is parsed into JavaScript's numbers, so 1.0 stays
 * 1.0, and 2^63 what it was.
 */

export type Kind = "key" | "text" | "number" | "word" | "mark";
export interface Piece {
  text: string;
  kind: Kind;
}
export interface Line {
  depth: number;
  pieces: Piece[];
}

const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(true|false|null)|(-?\d[\d.eE+-]*))/y;
const REST = /\s*$/y;

/** Indented by what holds what. Text that is no JSON comes out as it is, line by line. */
export function lines(text: string): Line[] {
  const found: Line[] = [];
  let line: Line = { depth: 0, pieces: [] };
  let depth = 0;
  let opened = false;
  const end = () => {
    if (line.pieces.length) found.push(line);
    line = { depth, pieces: [] };
  };
  TOKEN.lastIndex = 0;
  REST.lastIndex = 0;
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    const [, mark, string, word, number] = token;
    REST.lastIndex = TOKEN.lastIndex;
    if (mark === "}" || mark === "]") {
      depth -= 1;
      if (!opened) end();
      if (!line.pieces.length) line.depth = depth;
    } else if (opened) end();
    opened = mark === "{" || mark === "[";
    if (opened) depth += 1;
    const last = line.pieces.at(-1);
    if (mark === ":" && last) last.kind = "key";
    if (mark) line.pieces.push({ text: mark === ":" ? ": " : mark, kind: "mark" });
    else if (string) line.pieces.push({ text: string, kind: "text" });
    else if (word) line.pieces.push({ text: word, kind: "word" });
    else if (number) line.pieces.push({ text: number, kind: "number" });
    if (mark === ",") end();
  }
  if (!REST.test(text)) return text.split("\n").map((each) => ({ depth: 0, pieces: [{ text: each, kind: "mark" }] }));
  end();
  return found;
}

export const indented = (text: string): string =>
  lines(text)
    .map((line) => "  ".repeat(Math.max(0, line.depth)) + line.pieces.map((piece) => piece.text).join(""))
    .join("\n");
