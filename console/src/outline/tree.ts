/** A definition as a tree: its states in their order, and in them what they hold. Made of the graph, so both show the same. */
import type { Graph, GraphEdge, GraphNode } from "../graph/of_definition";
import { words } from "../words";

export interface Item {
  /** The pointer of a state, of a branch or of an item processor. */
  id: string;
  kind: "state" | "scope";
  name: string;
  type: string;
  label: string;
  /** Where it leads, in whole words. */
  leads: string[];
  /** In how many ways one comes to it. */
  waysIn: number;
  isStart: boolean;
  /** From 1. */
  level: number;
  parent: string | null;
  children: Item[];
}

export function treeOf({ nodes, edges }: Graph): Item[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const inside = grouped(nodes, ({ parent }) => parent);
  const outwards = grouped(edges, ({ source }) => source);
  const inwards = grouped(edges, ({ target }) => target);
  const itemOf = (node: GraphNode, level: number): Item => {
    const coming = inwards.get(node.id) ?? [];
    return {
      id: node.id,
      kind: node.kind === "scope" ? "scope" : "state",
      name: node.name,
      type: node.type,
      label: node.label,
      leads: (outwards.get(node.id) ?? []).map((edge) => told(edge, byId.get(edge.target))),
      waysIn: coming.length,
      isStart: coming.some(({ kind }) => kind === "start"),
      level,
      parent: node.parent,
      children: below(node.id, level + 1),
    };
  };
  const below = (parent: string | null, level: number): Item[] =>
    (inside.get(parent) ?? [])
      .filter(({ kind }) => kind === "state" || kind === "scope")
      .map((node) => itemOf(node, level));
  return below(null, 1);
}

/** Those that are seen, from above: what is in a folded one is not. */
export function visible(items: readonly Item[], folded: ReadonlySet<string>): Item[] {
  return items.flatMap((item) => [item, ...(folded.has(item.id) ? [] : visible(item.children, folded))]);
}

/** How the way is gone, and where it leads. */
function told({ kind, label }: GraphEdge, target: GraphNode | undefined): string {
  const name = target?.kind === "ghost" ? words.graph.noState(target.name) : (target?.name ?? "");
  switch (kind) {
    case "choice":
      return words.outline.choice(label, name);
    case "default":
      return words.outline.otherwise(name);
    case "catch":
      return words.outline.caught(label, name);
    case "end":
      return words.outline.ends;
    default:
      return words.outline.next(name);
  }
}

function grouped<Each, Key>(all: readonly Each[], keyOf: (each: Each) => Key): Map<Key, Each[]> {
  const groups = new Map<Key, Each[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group) group.push(each);
    else groups.set(keyOf(each), [each]);
  }
  return groups;
}
