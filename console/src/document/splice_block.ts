/** Edits of what YAML writes by indentation. */
import { type Changes, type Entry, renaming, runs, size, staying } from "./changes";
import { type Content, Piece, writtenOf } from "./content";
import type { Habits } from "./habits";
import { columnOf, isBlank, isFirstOnLine, lineEnd, lineStart, nextLine } from "./lines";
import type { Splice } from "./splice";
import { type ArrayNode, childAt, type Node, type ObjectNode } from "./tree";
import { isObject } from "./value";
import { behindDash, behindName, blockEntry, blockItem } from "./write_block";
import { like, scalar } from "./yaml_words";

export class BlockSplicer {
  constructor(
    private readonly text: string,
    private readonly root: Node,
    private readonly habits: Habits,
  ) {}

  /** Null if it cannot be done in the text: a part stands where it is not looked for. */
  of(changes: Changes): Splice[] | null {
    const { holder, sets } = changes;
    const splices = renaming(changes, (to, at) => this.name(to, at));
    for (const [index, content] of sets) {
      const replaced = this.replaced(holder, index, content);
      if (replaced === null) return null;
      splices.push(...replaced);
    }
    const others = this.insertedAndRemoved(changes);
    return others && [...splices, ...others];
  }

  /** In the place of a member's or an item's value. */
  replaced(holder: ObjectNode | ArrayNode, index: number, content: Content): Splice[] | null {
    const node = childAt(holder, index);
    const begin = this.behindMark(holder, index);
    if (!node || begin < 0) return null;
    const value = writtenOf(content);
    const isWord = node.kind === "scalar" && node.style !== "block" && node.style !== "empty";
    if (isWord && !(content instanceof Piece) && !isNested(value) && !String(value).includes("\n")) {
      const written = typeof value === "string" ? like(node.style, value, false) : scalar(value as null, false);
      return [{ from: node.from, to: node.to, insert: written }];
    }
    const column = columnOf(this.text, this.begin(holder, index));
    const [first = "", ...rest] =
      holder.kind === "object"
        ? behindName(content, column, this.habits)
        : behindDash(content, column + 2, this.habits).map((line, at) => (at === 0 ? ` ${line}` : line));
    const to = Math.max(begin, node.to);
    const end = lineEnd(this.text, to);
    const below = rest.map((line) => this.habits.newline + line).join("");
    if (!/^[ \t]+#/.test(this.text.slice(to, end))) return [{ from: begin, to, insert: first + below }];
    // The comment behind it stays on its line.
    const above = { from: begin, to, insert: first };
    return below === "" ? [above] : [above, { from: end, to: end, insert: below }];
  }

  private insertedAndRemoved(changes: Changes): Splice[] | null {
    const { holder, inserts } = changes;
    if (this.begin(holder, 0) < 0) return null;
    if (changes.removed.size === size(holder)) return this.emptied(holder, [...inserts.values()].flat());
    const splices = runs(changes).map(([first, last]) => this.removed(holder, first, last));
    for (const [after, entries] of inserts) splices.push(this.inserted(changes, staying(changes, after), entries));
    return splices;
  }

  /** With the comments above and inside. */
  private removed(holder: ObjectNode | ArrayNode, first: number, last: number): Splice {
    const end = this.end(holder, last);
    const begin = this.begin(holder, first);
    if (!isFirstOnLine(this.text, begin)) return { from: begin, to: this.nextWord(end), insert: "" };
    const from = lineStart(this.text, this.head(holder, first));
    const to = nextLine(this.text, end);
    if (end < this.text.length)
      return { from, to: this.isBlankAt(to) && this.isBlankBefore(from) ? nextLine(this.text, to) : to, insert: "" };
    return { from: Math.max(0, from - this.habits.newline.length), to: end, insert: "" };
  }

  private inserted({ holder }: Changes, after: number, entries: readonly Entry[]): Splice {
    const column = columnOf(this.text, this.begin(holder, 0));
    const { newline } = this.habits;
    const pad = " ".repeat(column);
    const written = entries.map((entry) => this.lines(entry, column).join(newline));
    if (after >= 0) {
      const at = this.end(holder, after);
      const gap =
        this.isSpaced(holder, after) && entries.some(({ content }) => isNested(writtenOf(content))) ? newline : "";
      return { from: at, to: at, insert: written.map((each) => newline + gap + pad + each).join("") };
    }
    const begin = this.begin(holder, 0);
    if (!isFirstOnLine(this.text, begin)) {
      return { from: begin, to: begin, insert: written.map((each) => each + newline + pad).join("") };
    }
    const at = lineStart(this.text, this.head(holder, 0));
    return { from: at, to: at, insert: written.map((each) => pad + each + newline).join("") };
  }

  /** All that was in it is gone: brackets stand for nothing, unless something new is there. */
  private emptied(holder: ObjectNode | ArrayNode, entries: readonly Entry[]): Splice[] | null {
    const begin = this.begin(holder, 0);
    const end = this.end(holder, size(holder) - 1);
    const column = columnOf(this.text, begin);
    if (entries.length > 0) {
      const from = isFirstOnLine(this.text, begin) ? lineStart(this.text, this.head(holder, 0)) : begin;
      const pad = " ".repeat(column);
      const written = entries.map((entry) => this.lines(entry, column).join(this.habits.newline));
      const insert = written.join(this.habits.newline + pad);
      return [{ from, to: end, insert: from === begin ? insert : pad + insert }];
    }
    const brackets = holder.kind === "object" ? "{}" : "[]";
    if (!isFirstOnLine(this.text, begin) || holder === this.root) return [{ from: begin, to: end, insert: brackets }];
    const mark = this.markBefore(lineStart(this.text, this.head(holder, 0)));
    if (mark < 0) return null;
    const from = lineEnd(this.text, mark);
    return [
      { from: mark, to: mark, insert: ` ${brackets}` },
      { from, to: end, insert: "" },
    ];
  }

  /** Behind the colon or the dash, the anchor and the tag on the line above. */
  private markBefore(start: number): number {
    for (let line = start; line > 0; ) {
      line = lineStart(this.text, line - 1);
      const text = this.text.slice(line, lineEnd(this.text, line));
      if (isBlank(text) || text.trimStart().startsWith("#")) continue;
      const found = /^(.*?(?::|-)(?: +[&!]\S*)*)[ \t]*(?:#.*)?$/.exec(text);
      return found ? line + (found[1]?.length ?? 0) : -1;
    }
    return -1;
  }

  /** Behind the colon or the dash, its anchor and its tag. */
  private behindMark(holder: ObjectNode | ArrayNode, index: number): number {
    const mark = holder.kind === "object" ? (holder.members[index]?.colon ?? -1) : (holder.dashes[index] ?? -1);
    if (mark < 0) return -1;
    const props = /^(?:[ \t]+[&!][^\s]*)*/.exec(this.text.slice(mark + 1, lineEnd(this.text, mark)));
    return mark + 1 + (props?.[0].length ?? 0);
  }

  /** The name, or the dash. */
  private begin(holder: ObjectNode | ArrayNode, index: number): number {
    return (holder.kind === "object" ? holder.members[index]?.from : holder.dashes[index]) ?? -1;
  }

  /** Where the comment begins that stands right above; what heads the whole text belongs to nothing in it. */
  private head(holder: ObjectNode | ArrayNode, index: number): number {
    const begin = this.begin(holder, index);
    if (!isFirstOnLine(this.text, begin) || (index === 0 && holder === this.root)) return begin;
    const column = columnOf(this.text, begin);
    let head = begin;
    for (let line = lineStart(this.text, begin); line > 0; ) {
      line = lineStart(this.text, line - 1);
      if (this.text[line + column] !== "#" || !isBlank(this.text.slice(line, line + column))) break;
      head = line + column;
    }
    return head;
  }

  /** The end of the last line that belongs to it: with the comment behind it, and those below that stand further in. */
  private end(holder: ObjectNode | ArrayNode, index: number): number {
    const node = childAt(holder, index);
    const column = columnOf(this.text, this.begin(holder, index));
    let end = lineEnd(this.text, Math.max(node?.to ?? 0, this.behindMark(holder, index)));
    for (let line = nextLine(this.text, end); line < this.text.length; line = nextLine(this.text, line)) {
      const text = this.text.slice(line, lineEnd(this.text, line));
      if (!/^ *#/.test(text) || text.indexOf("#") <= column) break;
      end = line + text.length;
    }
    return end;
  }

  private nextWord(end: number): number {
    let at = end;
    while (/\s/.test(this.text[at] ?? "")) at += 1;
    return at;
  }

  /** Whether blank lines stand between it and its neighbours. */
  private isSpaced(holder: ObjectNode | ArrayNode, index: number): boolean {
    const above = lineStart(this.text, this.head(holder, index));
    const below = nextLine(this.text, this.end(holder, index));
    return (index > 0 && this.isBlankBefore(above)) || (index < size(holder) - 1 && this.isBlankAt(below));
  }

  private isBlankBefore(line: number): boolean {
    return line > 0 && this.isBlankAt(lineStart(this.text, line - 1));
  }

  private isBlankAt(line: number): boolean {
    return line < this.text.length && isBlank(this.text.slice(line, lineEnd(this.text, line)));
  }

  private lines({ name, content }: Entry, column: number): string[] {
    return name === null ? blockItem(content, column, this.habits) : blockEntry(name, content, column, this.habits);
  }

  private name(to: string, at: number): string {
    const style = this.text[at] === '"' ? "double" : this.text[at] === "'" ? "single" : "plain";
    return like(style, to, false);
  }

  /** The piece of the text that a member or an item is. */
  piece(holder: ObjectNode | ArrayNode, index: number, value: Piece["value"]): Piece | null {
    const node = childAt(holder, index);
    if (!node) return null;
    const begin = this.begin(holder, index);
    const head = this.head(holder, index);
    const above =
      head < begin
        ? this.dedented(head, lineEnd(this.text, lineStart(this.text, begin) - 1), columnOf(this.text, begin))
        : [];
    const isBlock = (node.kind === "object" || node.kind === "array") && !node.flow;
    if (!isBlock) {
      const lines = this.dedented(node.from, this.end(holder, index), columnOf(this.text, begin));
      return new Piece(value, "yaml", node.kind === "scalar" && node.style === "block", lines, above);
    }
    const from = this.head(node, 0);
    const mark = this.behindMark(holder, index);
    const rest = this.text.slice(mark, lineEnd(this.text, mark));
    const lines = this.dedented(from, this.end(holder, index), columnOf(this.text, from));
    return new Piece(value, "yaml", true, lines, above, /^[ \t]+#/.test(rest) ? rest : "");
  }

  /** Lines, the first from where it begins, the others without that many columns. */
  private dedented(from: number, to: number, column: number): string[] {
    const [first = "", ...rest] = this.text.slice(from, to).split(/\r?\n/);
    return [first, ...rest.map((line) => (isBlank(line.slice(0, column)) ? line.slice(column) : line.trimStart()))];
  }
}

function isNested(value: unknown): boolean {
  return Array.isArray(value) || isObject(value);
}
