/** A text as a tree that knows where in it each part is. Made of JSON (`parse_json`) and of YAML (`parse_yaml`) alike. */
import { child, last, type Pointer, parent, tokens } from "./pointer";
import type { NumberText } from "./value";

/**
 * `from` and `to`: the value's own letters, without its anchor and tag, and without the comment and the line's end behind it.
 * `flow`: written in brackets. `anchor`: its name, so that aliases may stand for it elsewhere.
 */
interface Place {
  from: number;
  to: number;
  anchor: string | null;
}

export interface ObjectNode extends Place {
  kind: "object";
  flow: boolean;
  members: Member[];
}

/** `from` and `to`: of the key; `colon`: where that stands, -1 if it could not be found. */
export interface Member {
  key: string;
  from: number;
  to: number;
  colon: number;
  value: Node;
}

/** `dashes`: where the dash of each item stands if they are not in brackets. */
export interface ArrayNode extends Place {
  kind: "array";
  flow: boolean;
  items: Node[];
  dashes: number[];
}

export type Style = "plain" | "double" | "single" | "block" | "empty";

export interface ScalarNode extends Place {
  kind: "scalar";
  value: null | boolean | string | NumberText;
  style: Style;
}

/** Stands for what has that anchor. */
export interface AliasNode extends Place {
  kind: "alias";
  name: string;
}

export type Node = ObjectNode | ArrayNode | ScalarNode | AliasNode;

/** The name of an alias where only the letters count: what it stands for is written elsewhere. */
export class Alias {
  constructor(readonly name: string) {}
}

/** A value in which aliases are what they are. */
export type Written = null | boolean | string | NumberText | Alias | readonly Written[] | ReadonlyMap<string, Written>;

export function writtenValue(node: Node): Written {
  switch (node.kind) {
    case "object":
      return new Map(node.members.map(({ key, value }) => [key, writtenValue(value)]));
    case "array":
      return node.items.map(writtenValue);
    case "alias":
      return new Alias(node.name);
    case "scalar":
      return node.value;
  }
}

/** The place of a member in its object; of two of one name the last one, as everywhere. */
export function indexOf(node: ObjectNode | ArrayNode, token: string): number {
  if (node.kind === "object") return node.members.findLastIndex(({ key }) => key === token);
  return /^(0|[1-9]\d{0,8})$/.test(token) && Number(token) < node.items.length ? Number(token) : -1;
}

export function childAt(node: ObjectNode | ArrayNode, index: number): Node | undefined {
  return node.kind === "object" ? node.members[index]?.value : node.items[index];
}

/** What stands at a pointer; null if there is nothing. An alias on the way ends it: see `Shared`. */
export function nodeAt(root: Node | null, pointer: Pointer): Node | null {
  let node = root;
  let here = "";
  for (const token of tokens(pointer)) {
    if (node === null || node.kind === "scalar") return null;
    if (node.kind === "alias") throw new BehindAlias(node, here);
    const next = childAt(node, indexOf(node, token));
    if (next === undefined) {
      const merged = node.kind === "object" ? node.members.find(({ key }) => key === "<<")?.value : undefined;
      if (merged?.kind === "alias") throw new BehindAlias(merged, here);
      return null;
    }
    node = next;
    here = child(here, token);
  }
  return node;
}

/** What was looked for is written elsewhere. */
export class BehindAlias extends Error {
  constructor(
    readonly alias: AliasNode,
    readonly pointer: Pointer,
  ) {
    super(`it stands in *${alias.name}`);
  }
}

/** What holds a place: the node, and the index in it. Null if that is not there. */
export function holderOf(root: Node, pointer: Pointer): { holder: ObjectNode | ArrayNode; index: number } | null {
  const holder = nodeAt(root, parent(pointer));
  if (holder?.kind === "alias") throw new BehindAlias(holder, parent(pointer));
  if (holder?.kind !== "object" && holder?.kind !== "array") return null;
  return { holder, index: indexOf(holder, last(pointer)) };
}

/** The innermost part that a place in the text is in. */
export function pointerAt(root: Node | null, offset: number): Pointer {
  let pointer = "";
  let node = root;
  while (node?.kind === "object" || node?.kind === "array") {
    let inner: Node | undefined;
    if (node.kind === "object") {
      const found: Member | undefined = node.members.find(({ from, value }) => from <= offset && offset <= value.to);
      if (found) pointer = child(pointer, found.key);
      inner = found?.value;
    } else {
      const { items, dashes }: ArrayNode = node;
      const index = items.findIndex((item, at) => (dashes[at] ?? item.from) <= offset && offset <= item.to);
      if (index >= 0) pointer = child(pointer, index);
      inner = items[index];
    }
    if (!inner) break;
    node = inner;
  }
  return pointer;
}

/** Each node with its pointer, from the outside in. */
export function* nodes(root: Node): Generator<[Pointer, Node]> {
  const waiting: [Pointer, Node][] = [["", root]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    yield next;
    const [pointer, node] = next;
    if (node.kind === "object") {
      for (const { key, value } of node.members) {
        waiting.push([child(pointer, key), value]);
      }
    } else if (node.kind === "array") {
      for (const [index, item] of node.items.entries()) waiting.push([child(pointer, index), item]);
    }
  }
}
