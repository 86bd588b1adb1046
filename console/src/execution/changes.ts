/** What a state did to its data: output beside input, value by value. Arrays are compared by place. */
import { type Node, parseTree } from "jsonc-parser";

export interface Change {
  /** `$.order.items[2]` */
  path: string;
  how: "added" | "removed" | "changed";
  before: string | null;
  after: string | null;
}

const PLAIN = /^[A-Za-z_]\w*$/;

/** At most `most` of them, and how many there are; null if one of the texts is no JSON. */
export function changes(before: string, after: string, most: number): { found: Change[]; all: number } | null {
  const [left, right] = [parsed(before), parsed(after)];
  if (!left || !right) return null;
  const found: Change[] = [];
  let all = 0;
  const told = (change: Change) => {
    all += 1;
    if (found.length < most) found.push(change);
  };
  const waiting: [string, Node, Node][] = [["$", left, right]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [path, one, other] = next;
    if (one.type !== other.type || !one.children || !other.children) {
      const [was, is] = [source(before, one), source(after, other)];
      if (was !== is) told({ path, how: "changed", before: was, after: is });
      continue;
    }
    const [olds, news] = [members(one), members(other)];
    const deeper: typeof waiting = [];
    for (const [key, node] of olds) {
      const twin = news.get(key);
      if (twin) deeper.push([at(path, key), node, twin]);
      else told({ path: at(path, key), how: "removed", before: source(before, node), after: null });
    }
    for (const [key, node] of news) {
      if (!olds.has(key)) told({ path: at(path, key), how: "added", before: null, after: source(after, node) });
    }
    waiting.push(...deeper.reverse());
  }
  return { found, all };
}

function parsed(text: string): Node | null {
  const errors: import("jsonc-parser").ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  return errors.length ? null : (tree ?? null);
}

/** Of an object by name, of an array by place. */
function members(node: Node): Map<string | number, Node> {
  const found = new Map<string | number, Node>();
  node.children?.forEach((child, index) => {
    if (child.type !== "property") found.set(index, child);
    else if (child.children?.[1]) found.set(String(child.children[0]?.value), child.children[1]);
  });
  return found;
}

/** As it was written, so that 1.0 and 1 differ, but without the blanks between. */
const source = (text: string, node: Node): string =>
  node.children ? compact(text, node) : text.slice(node.offset, node.offset + node.length);

function compact(text: string, node: Node): string {
  if (!node.children) return text.slice(node.offset, node.offset + node.length);
  if (node.type === "property") return node.children.map((child) => compact(text, child)).join(": ");
  const inner = node.children.map((child) => compact(text, child)).join(", ");
  return node.type === "array" ? `[${inner}]` : `{${inner}}`;
}

const at = (path: string, key: string | number): string => {
  if (typeof key === "number") return `${path}[${key}]`;
  return PLAIN.test(key) ? `${path}.${key}` : `${path}['${key}']`;
};
