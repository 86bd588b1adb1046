/** Edits of what stands in brackets: all of JSON, and parts of YAML. */
import { type Changes, type Entry, renaming, runs, size, staying } from "./changes";
import { type Content, Piece, writtenOf } from "./content";
import type { Habits } from "./habits";
import { indentAt, isFirstOnLine } from "./lines";
import type { Splice } from "./splice";
import { type ArrayNode, childAt, type Node, type ObjectNode } from "./tree";
import { isObject } from "./value";
import { entry, type FlowStyle, flow } from "./write_flow";
import { like } from "./yaml_words";

export class FlowSplicer {
  constructor(
    private readonly text: string,
    private readonly json: boolean,
    private readonly habits: Habits,
  ) {}

  of(changes: Changes): Splice[] {
    const { holder, sets } = changes;
    const splices = renaming(changes, (to, at) => this.name(to, at));
    for (const [index, content] of sets) {
      const node = childAt(holder, index);
      if (node) splices.push(this.replaced(node, content));
    }
    return [...splices, ...this.insertedAndRemoved(changes)];
  }

  /** In the place of a value. */
  replaced(node: Node, content: Content): Splice {
    const { from, to } = node;
    if (!this.json && node.kind === "scalar" && typeof content === "string") {
      return { from, to, insert: like(node.style, content, true) };
    }
    return {
      from,
      to,
      insert: flow(content, this.style(this.breaks(node, content) ? indentAt(this.text, from) : null)),
    };
  }

  /** What was on one line stays there, unless it is an object or has parts of their own: those are read more easily below each other. */
  private breaks(node: Node, content: Content): boolean {
    if (!this.habits.manyLines) return false;
    if (node.kind === "scalar") return this.json;
    if (this.text.slice(node.from, node.to).includes("\n") || content instanceof Piece) return true;
    const value = writtenOf(content);
    return (
      this.json &&
      (isObject(value) || (Array.isArray(value) && value.some((item) => typeof item === "object" && item !== null)))
    );
  }

  private insertedAndRemoved(changes: Changes): Splice[] {
    const { holder, inserts } = changes;
    const count = size(holder);
    const begin = (index: number) => this.begin(holder, index);
    const end = (index: number) => childAt(holder, index)?.to ?? holder.from + 1;
    if (changes.removed.size === count) return this.emptied(holder, [...inserts.values()].flat());
    const splices: Splice[] = [];
    for (const [first, last] of runs(changes)) {
      if (last < count - 1) splices.push({ from: begin(first), to: begin(last + 1), insert: "" });
      else splices.push({ from: end(staying(changes, first)), to: end(last), insert: "" });
    }
    const pad = isFirstOnLine(this.text, begin(0)) ? indentAt(this.text, begin(0)) : null;
    const gap = pad === null ? " " : this.habits.newline + pad;
    for (const [after, entries] of inserts) {
      const at = staying(changes, after);
      const written = entries.map((each) => this.entry(each, pad));
      if (at >= 0)
        splices.push({ from: end(at), to: end(at), insert: written.map((each) => `,${gap}${each}`).join("") });
      else splices.push({ from: begin(0), to: begin(0), insert: written.map((each) => `${each},${gap}`).join("") });
    }
    return splices;
  }

  /** All that was in it is gone. */
  private emptied(holder: ObjectNode | ArrayNode, entries: readonly Entry[]): Splice[] {
    const [from, to] = [holder.from + 1, holder.to - 1];
    if (entries.length === 0) return [{ from, to, insert: "" }];
    if (!this.habits.manyLines || !this.json) {
      return [{ from, to, insert: entries.map((each) => this.entry(each, null)).join(", ") }];
    }
    const { newline, unit } = this.habits;
    const outer = indentAt(this.text, holder.from);
    const lines = entries.map((each) => outer + unit + this.entry(each, outer + unit));
    return [{ from, to, insert: newline + lines.join(`,${newline}`) + newline + outer }];
  }

  private begin(holder: ObjectNode | ArrayNode, index: number): number {
    return (holder.kind === "object" ? holder.members[index]?.from : holder.items[index]?.from) ?? holder.from + 1;
  }

  private entry({ name, content }: Entry, pad: string | null): string {
    return name === null ? flow(content, this.style(pad)) : entry(name, content, this.style(pad));
  }

  private name(to: string, at: number): string {
    if (this.json) return JSON.stringify(to);
    const style = this.text[at] === '"' ? "double" : this.text[at] === "'" ? "single" : "plain";
    return like(style, to, true);
  }

  private style(pad: string | null): FlowStyle {
    return { json: this.json, pad, habits: this.habits };
  }
}
