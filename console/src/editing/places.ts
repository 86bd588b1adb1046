/** Places in the picture where something can come to stand, by ids of its graph. */
import type { Where } from "../document";
import { child, type Pointer } from "../document/pointer";
import type { Graph, GraphEdge, GraphNode } from "../graph/of_definition";

/** `pane`: on nothing, in a picture that has nothing. */
export type Target = { edge: string } | { node: string } | { pane: true };

export const nodeOf = (graph: Graph, id: string): GraphNode | undefined => graph.nodes.find((node) => node.id === id);
const scopeOf = (node: GraphNode): Pointer => (node.kind === "scope" ? node.id : (node.parent ?? ""));
const isEmpty = (graph: Graph, scope: Pointer): boolean =>
  !graph.nodes.some(({ kind, parent }) => kind === "state" && (parent ?? "") === scope);

/** Whether an edge only shows that its state ends the execution: nothing can come after that. */
export function isFinal({ nodes }: Graph, { kind, source }: GraphEdge): boolean {
  const type = kind === "end" ? nodes.find(({ id }) => id === source)?.type : undefined;
  return type === "Succeed" || type === "Fail";
}

/** Where a state comes to stand; null if that cannot be said. */
export function whereAt(graph: Graph, target: Target): Where | null {
  if ("edge" in target) return { edge: target.edge };
  if ("pane" in target) return isEmpty(graph, "") ? { scope: "" } : null;
  const node = nodeOf(graph, target.node);
  if (!node) return null;
  const scope = scopeOf(node);
  if (node.kind === "state") return { after: node.id };
  // Nothing leads to a state that is missing but what names it.
  if (node.kind === "ghost" || isEmpty(graph, scope)) return { scope };
  if (node.kind !== "end") return { edge: child(scope, "StartAt") };
  const [only, ...more] = graph.edges.filter((edge) => edge.target === node.id && !isFinal(graph, edge));
  return only && more.length === 0 ? { edge: only.id } : null;
}
