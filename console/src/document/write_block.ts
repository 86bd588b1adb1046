/** Values by indentation: YAML's usual form. */
import { type Content, Piece, writtenOf } from "./content";
import type { Habits } from "./habits";
import { Alias, type Written } from "./tree";
import { entries, isObject, NumberText } from "./value";
import { flow } from "./write_flow";
import * as words from "./yaml_words";

const LONGEST_LIST = 80;

/** `name:` and what follows, with the comments that come along; lines after the first begin in `column`. */
export function blockEntry(name: string, content: Content | Written, column: number, habits: Habits): string[] {
  return withName(words.text(name, false), content, column, habits);
}

/** The same behind a name that is written already. */
export function withName(name: string, content: Content | Written, column: number, habits: Habits): string[] {
  const pad = " ".repeat(column);
  const [first = "", ...rest] = behindName(content, column, habits);
  if (!(content instanceof Piece)) return [`${name}:${first}`, ...rest];
  return [...below(content, pad, `${name}:${content.beside}${first}`), ...rest];
}

/** `- ` and what follows, with the comments that come along; lines after the first begin in `column`. */
export function blockItem(content: Content | Written, column: number, habits: Habits): string[] {
  const inner = column + 2;
  const [first = "", ...rest] = behindDash(content, inner, habits);
  if (!(content instanceof Piece)) return [`- ${first}`, ...rest];
  const pad = " ".repeat(column);
  if (content.beside === "") return [...below(content, pad, `- ${first}`), ...rest];
  return [...below(content, pad, `-${content.beside}`), " ".repeat(inner) + first, ...rest];
}

/** A line below the comments that stand above it. */
function below({ above }: Piece, pad: string, line: string): string[] {
  return [...above, line].map((each, index) => (index === 0 ? each : pad + each));
}

/** What stands behind `name:`: the rest of its line, then further lines as they are. */
export function behindName(content: Content | Written, column: number, habits: Habits): string[] {
  const short = inOneLine(content, habits);
  if (short !== null) return [` ${short}`];
  const inner = column + habits.unit.length;
  if (typeof content === "string") return literal(content, " ".repeat(inner));
  if (content instanceof Piece && isBehindItsName(content)) {
    return content.lines.map((line, index) => (index === 0 ? ` ${line}` : padded(line, column)));
  }
  const isList = Array.isArray(content instanceof Piece ? content.value : content);
  const at = isList && !habits.deepDashes ? column : inner;
  return ["", ...body(content, at, habits).map((line, index) => (index === 0 ? " ".repeat(at) + line : line))];
}

/** What stands behind `- `, whose lines after the first begin in `column`. */
export function behindDash(content: Content | Written, column: number, habits: Habits): string[] {
  const short = inOneLine(content, habits);
  if (short !== null) return [short];
  if (typeof content === "string") {
    const [first = "", ...rest] = literal(content, " ".repeat(column));
    return [first.trimStart(), ...rest];
  }
  if (content instanceof Piece && isBehindItsName(content)) {
    return content.lines.map((line, index) => (index === 0 ? line : padded(line, column)));
  }
  return body(content, column, habits);
}

/** A collection whose first line begins where it stands. */
export function body(content: Content | Written, column: number, habits: Habits): string[] {
  if (content instanceof Piece) {
    if (content.format === "yaml" && content.block) {
      return content.lines.map((line, index) => (index === 0 ? line : padded(line, column)));
    }
    return body(content.value, column, habits);
  }
  const pad = " ".repeat(column);
  const lines = Array.isArray(content)
    ? content.map((item) => blockItem(item, column, habits))
    : (entries(content) as [string, Content][]).map(([name, each]) => blockEntry(name, each, column, habits));
  return lines.flatMap(([first = "", ...rest], index) => [index === 0 ? first : pad + first, ...rest]);
}

/** Null if it needs several lines. */
function inOneLine(content: Content | Written, habits: Habits): string | null {
  if (content instanceof Piece) {
    if (content.format === "json") return inOneLine(content.value, habits);
    return content.block || content.lines.length > 1 ? null : (content.lines[0] ?? "");
  }
  if (content instanceof Alias) return `*${content.name}`;
  if (Array.isArray(content)) {
    if (content.length === 0) return "[]";
    if (!habits.inlineLists || content.some((item) => typeof item === "object" && !(item instanceof NumberText)))
      return null;
    const line = flow(content, { json: false, pad: null, habits });
    return line.length <= LONGEST_LIST ? line : null;
  }
  if (isObject(content)) return entries(content).length === 0 ? "{}" : null;
  if (typeof content === "string" && isLiteral(content)) return null;
  return words.scalar(writtenOf(content as Content) as string, false);
}

/** Whether several lines show it better than escapes. */
function isLiteral(text: string): boolean {
  return /^\S[^\n]*\n/.test(text) && !/[ \t](\n|$)/.test(text) && words.isPrintable(text.replaceAll("\n", ""));
}

function literal(text: string, pad: string): string[] {
  const end = /\n*$/.exec(text)?.[0].length ?? 0;
  const mark = end === 0 ? "-" : end === 1 ? "" : "+";
  const lines = (end === 0 ? text : text.slice(0, -1)).split("\n");
  return [` |${mark}`, ...lines.map((line) => (line === "" ? "" : pad + line))];
}

/** Whether it begins on the line of its name: brackets, and texts of several lines. */
function isBehindItsName({ format, block, value }: Piece): boolean {
  return format === "yaml" && (!block || (!Array.isArray(value) && !isObject(value)));
}

function padded(line: string, column: number): string {
  return line === "" ? "" : " ".repeat(column) + line;
}
