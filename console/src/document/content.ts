/** What an edit puts in: a value, in which parts may come with the letters in which they are written elsewhere. */
import type { Pointer } from "./pointer";
import { Alias, type Written } from "./tree";
import { entries, isObject, NumberText } from "./value";

/** JavaScript's own values are welcome, too. */
export type Content =
  | null
  | boolean
  | string
  | number
  | NumberText
  | Piece
  | readonly Content[]
  | ReadonlyMap<string, Content>
  | { readonly [name: string]: Content };

/**
 * A part of a text, moved as it is: with its comments, order and quotes. `lines` begin where the value's own first column is;
 * `above` are comments before the name that it had, `beside` the one behind that name.
 */
export class Piece {
  constructor(
    readonly value: Written,
    readonly format: "json" | "yaml",
    readonly block: boolean,
    readonly lines: readonly string[],
    readonly above: readonly string[] = [],
    readonly beside: string = "",
  ) {}

  /** Without the comments above, which stay where they are. */
  alone(): Piece {
    return new Piece(this.value, this.format, this.block, this.lines, [], this.beside);
  }
}

/** The value alone. */
export function writtenOf(content: Content | Written): Written {
  if (content instanceof Piece) return content.value;
  if (content instanceof NumberText || content instanceof Alias) return content;
  if (Array.isArray(content)) return content.map(writtenOf);
  if (isObject(content)) return new Map(entries(content).map(([name, each]) => [name, writtenOf(each as Content)]));
  if (typeof content === "number") return new NumberText(Number.isFinite(content) ? String(content) : "0");
  return content as Written;
}

/** Equal in all that counts: the order of members, and the letters of numbers. */
export function equal(a: Written, b: Written): boolean {
  if (a === b) return true;
  if (a instanceof NumberText) return b instanceof NumberText && a.text === b.text;
  if (a instanceof Alias) return b instanceof Alias && a.name === b.name;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return false;
  const others = b.entries();
  for (const [name, value] of a) {
    const [other, written] = others.next().value as [string, Written];
    if (name !== other || !equal(value, written)) return false;
  }
  return true;
}

/** An edit that is not made, with what to do instead. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly pointer: Pointer = "",
  ) {
    super(message);
    this.name = "Refused";
  }
}
