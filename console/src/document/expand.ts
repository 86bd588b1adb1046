/** A tree as the value that it means: aliases and `<<` are put in. */
import type { Node, ObjectNode } from "./tree";
import type { Value } from "./value";

/** Aliases of aliases grow exponentially; a definition of the largest size has fewer values than this. */
const MOST = 1_000_000;

/** Null if aliases make it too large. */
export function expanded(root: Node | null): { value: Value } | null {
  const expansion = new Expansion();
  try {
    return { value: root === null ? null : expansion.of(root) };
  } catch (error) {
    if (error instanceof TooLarge) return null;
    throw error;
  }
}

class TooLarge extends Error {}

class Expansion {
  private readonly anchors = new Map<string, Node>();
  private count = 0;

  of(node: Node): Value {
    this.count += 1;
    if (this.count > MOST) throw new TooLarge();
    switch (node.kind) {
      case "alias": {
        const named = this.anchors.get(node.name);
        return named ? this.of(named) : null;
      }
      case "object":
        return this.named(node, this.object(node));
      case "array":
        return this.named(
          node,
          node.items.map((item) => this.of(item)),
        );
      case "scalar":
        return this.named(node, node.value);
    }
  }

  private named(node: Node, value: Value): Value {
    if (node.anchor !== null) this.anchors.set(node.anchor, node);
    return value;
  }

  /** What is written here counts more than what is merged in, and stands behind it. */
  private object(node: ObjectNode): Value {
    const merged = new Map<string, Value>();
    const own = new Map<string, Value>();
    for (const { key, value } of node.members) {
      if (key === "<<") for (const [name, each] of this.merged(value)) merged.set(name, each);
      else own.set(key, this.of(value));
    }
    return merged.size > 0 ? new Map([...merged, ...own]) : own;
  }

  /** Of several the first counts most. */
  private merged(node: Node): Map<string, Value> {
    let found = new Map<string, Value>();
    for (const part of node.kind === "array" ? node.items : [node]) {
      const value = this.of(part);
      if (value instanceof Map) found = new Map([...value, ...found]);
    }
    return found;
  }
}
