/** Values in brackets: JSON, and what stands in brackets in YAML. */
import { type Content, Piece, writtenOf } from "./content";
import type { Habits } from "./habits";
import { Alias, type Written } from "./tree";
import { entries, isObject, NumberText } from "./value";
import * as words from "./yaml_words";

/** Lists of a few words stay on one line where others do. */
const LONGEST_LIST = 80;

/** `json`: strictly. `pad`: what lines after the first begin with; null for all on one line. */
export interface FlowStyle {
  json: boolean;
  pad: string | null;
  habits: Habits;
}

export function flow(content: Content | Written, style: FlowStyle): string {
  if (content instanceof Piece) {
    if (style.pad !== null && content.format === "json") {
      return content.lines.map((line, index) => (index === 0 ? line : style.pad + line)).join(style.habits.newline);
    }
    return flow(content.value, style);
  }
  if (Array.isArray(content)) return array(content, style);
  if (content instanceof Alias) return `*${content.name} `;
  if (isObject(content)) return object(entries(content) as [string, Content][], style);
  return scalar(writtenOf(content as Content), style.json);
}

/** `"name": value` */
export function entry(name: string, content: Content | Written, style: FlowStyle): string {
  return `${style.json ? JSON.stringify(name) : words.text(name, true)}: ${flow(content, style)}`;
}

function scalar(value: Written, json: boolean): string {
  if (value instanceof NumberText) return value.text;
  if (typeof value !== "string") return String(value);
  return json ? JSON.stringify(value) : words.text(value, true);
}

function array(list: readonly (Content | Written)[], style: FlowStyle): string {
  if (list.length === 0) return "[]";
  if (style.pad === null || style.habits.inlineLists) {
    const line = `[${list.map((item) => flow(item, { ...style, pad: null })).join(", ")}]`;
    if (style.pad === null || (line.length <= LONGEST_LIST && !list.some((item) => isNested(item)))) return line;
  }
  return broken(
    "[]",
    list.map((item) => flow(item, deeper(style))),
    style,
  );
}

function object(members: readonly [string, Content][], style: FlowStyle): string {
  if (members.length === 0) return "{}";
  if (style.pad === null) return `{${members.map(([name, each]) => entry(name, each, style)).join(", ")}}`;
  return broken(
    "{}",
    members.map(([name, each]) => entry(name, each, deeper(style))),
    style,
  );
}

function broken(brackets: "[]" | "{}", lines: readonly string[], { pad, habits }: FlowStyle): string {
  const { unit, newline } = habits;
  const inside = lines.map((line) => `${pad}${unit}${line}`).join(`,${newline}`);
  return `${brackets[0]}${newline}${inside}${newline}${pad}${brackets[1]}`;
}

function deeper(style: FlowStyle): FlowStyle {
  return { ...style, pad: style.pad === null ? null : style.pad + style.habits.unit };
}

function isNested(content: Content | Written): boolean {
  return content instanceof Piece || Array.isArray(content) || isObject(content);
}
