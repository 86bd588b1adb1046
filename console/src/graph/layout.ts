/**
 * Where the boxes of a graph stand. It follows from names and transitions alone, so the course of an execution never
 * moves anything.
 *
 * Scope by scope, the innermost first: transitions never leave their scope, so what a state holds is a box of known
 * size. Branches stand from left to right as they are written. Asked for everything at once, ELK mixes up three and more.
 */
import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api";
import type { Graph, GraphEdge, GraphNode } from "./of_definition";

export interface Point {
  x: number;
  y: number;
}
export interface Box extends Point {
  width: number;
  height: number;
}
export interface Route {
  points: Point[];
  label: Box | null;
}
/** `boxes` are relative to the box around them, `routes` are not. `width` and `height` are of the whole. */
export interface Placed {
  boxes: ReadonlyMap<string, Box>;
  routes: ReadonlyMap<string, Route>;
  width: number;
  height: number;
}
/** ELK, wherever it runs. */
export type Engine = (scope: ElkNode) => Promise<ElkNode>;

interface Scope {
  boxes: Map<string, Box>;
  routes: Map<string, Route>;
  width: number;
  height: number;
}

export const STATE = { width: 208, height: 58 } as const;
const PILL = { width: 60, height: 28 } as const;
/** Beginning and end of what a state holds: a dot each, as a word would only be noise there. */
const DOT = { width: 14, height: 14 } as const;
const HEAD = { state: 58, scope: 30 } as const;
const MARGIN = 14;
const GAP = 16;
const WIDEST_ROW = 1600;

const LABEL = { character: 6.1, padding: 10, height: 18, widest: 170 } as const;

const PADDING = 4;
const BETWEEN = 34;

const OPTIONS: Record<string, string> = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.padding": `[top=${PADDING},left=${PADDING},bottom=${PADDING},right=${PADDING}]`,
  "elk.layered.spacing.nodeNodeBetweenLayers": `${BETWEEN}`,
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.spacing.nodeNode": "30",
  "elk.spacing.edgeNode": "18",
  "elk.spacing.edgeLabel": "4",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.nodePlacement.favorStraightEdges": "true",
};

export async function layout(graph: Graph, engine: Engine): Promise<Placed> {
  const inside = grouped(graph.nodes, (node) => node.parent);
  const home = new Map(graph.nodes.map((node) => [node.id, node.parent]));
  const links = grouped(graph.edges, (edge) => home.get(edge.source) ?? null);
  const scopes = new Map<string | null, Scope>();

  const sizeOf = (node: GraphNode): { width: number; height: number } => {
    const held = scopes.get(node.id);
    if (!held) {
      if (node.kind === "start" || node.kind === "end") return node.parent === null ? PILL : DOT;
      return STATE;
    }
    const head = node.kind === "scope" ? HEAD.scope : HEAD.state;
    return { width: Math.max(STATE.width, held.width + 2 * MARGIN), height: head + held.height + MARGIN };
  };

  const place = async (id: string | null): Promise<void> => {
    const nodes = inside.get(id) ?? [];
    await Promise.all(nodes.filter((node) => inside.has(node.id)).map((node) => place(node.id)));
    const isRow = nodes.length > 0 && nodes.every((node) => node.kind === "scope");
    const ways = links.get(id) ?? [];
    const simple = isRow ? inRows(nodes, sizeOf) : inColumn(nodes, ways, sizeOf);
    scopes.set(id, simple ?? (await byTransitions(nodes, ways, sizeOf, engine)));
  };
  await place(null);
  return gathered(graph, scopes);
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

type SizeOf = (node: GraphNode) => { width: number; height: number };

function inRows(nodes: readonly GraphNode[], sizeOf: SizeOf): Scope {
  const boxes = new Map<string, Box>();
  let x = 0;
  let y = 0;
  let width = 0;
  let rowHeight = 0;
  for (const node of nodes) {
    const size = sizeOf(node);
    if (x > 0 && x + size.width > WIDEST_ROW) {
      x = 0;
      y += rowHeight + GAP;
      rowHeight = 0;
    }
    boxes.set(node.id, { x, y, ...size });
    x += size.width + GAP;
    width = Math.max(width, x - GAP);
    rowHeight = Math.max(rowHeight, size.height);
  }
  return { boxes, routes: new Map(), width, height: y + rowHeight };
}

/** One after the other, as most of what states hold is, and many a machine: where ELK would put them, without waiting for it.
 * null: they are not. */
function inColumn(nodes: readonly GraphNode[], edges: readonly GraphEdge[], sizeOf: SizeOf): Scope | null {
  const outOf = new Map(edges.map((edge) => [edge.source, edge]));
  const into = new Set(edges.map((edge) => edge.target));
  const isPlain = edges.every(({ label }) => !label) && outOf.size === edges.length && into.size === edges.length;
  if (!isPlain || edges.length !== nodes.length - 1) return null;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const boxes = new Map<string, Box>();
  const routes = new Map<string, Route>();
  const middle = PADDING + nodes.reduce((most, node) => Math.max(most, sizeOf(node).width), 0) / 2;
  let y = PADDING;
  let node = nodes.find(({ id }) => !into.has(id));
  while (node) {
    const size = sizeOf(node);
    boxes.set(node.id, { x: middle - size.width / 2, y, ...size });
    y += size.height;
    const edge = outOf.get(node.id);
    node = edge && byId.get(edge.target);
    if (edge && !node) return null;
    if (edge) {
      const points = [y, y + BETWEEN].map((end) => ({ x: middle, y: end }));
      routes.set(edge.id, { points, label: null });
      y += BETWEEN;
    }
  }
  // The rest go round in circles.
  return boxes.size === nodes.length ? { boxes, routes, width: 2 * middle, height: y + PADDING } : null;
}

async function byTransitions(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  sizeOf: SizeOf,
  engine: Engine,
): Promise<Scope> {
  const known = new Set(nodes.map((node) => node.id));
  const done = await engine({
    id: "scope",
    layoutOptions: OPTIONS,
    children: nodes.map((node) => ({ id: node.id, ...sizeOf(node) })),
    edges: edges
      .filter((edge) => known.has(edge.source) && known.has(edge.target))
      .map((edge) => ({ id: edge.id, sources: [edge.source], targets: [edge.target], labels: labels(edge) })),
  });
  const boxes = new Map<string, Box>();
  for (const node of done.children ?? []) boxes.set(node.id, boxOf(node));
  const routes = new Map<string, Route>();
  for (const edge of (done.edges ?? []) as ElkExtendedEdge[]) {
    const section = edge.sections?.[0];
    if (!section) continue;
    const label = edge.labels?.[0];
    routes.set(edge.id, {
      points: [section.startPoint, ...(section.bendPoints ?? []), section.endPoint],
      label: label ? boxOf(label) : null,
    });
  }
  return { boxes, routes, width: done.width ?? 0, height: done.height ?? 0 };
}

function labels(edge: GraphEdge) {
  if (!edge.label) return [];
  const width = Math.min(LABEL.widest, edge.label.length * LABEL.character + LABEL.padding);
  return [{ id: `${edge.id}#label`, text: edge.label, width, height: LABEL.height }];
}

const boxOf = (of: { x?: number; y?: number; width?: number; height?: number }): Box => ({
  x: of.x ?? 0,
  y: of.y ?? 0,
  width: of.width ?? 0,
  height: of.height ?? 0,
});

/** From the outermost inwards: what stands in a state begins below its head. */
function gathered(graph: Graph, scopes: ReadonlyMap<string | null, Scope>): Placed {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const boxes = new Map<string, Box>();
  const routes = new Map<string, Route>();
  const settle = (id: string | null, left: number, up: number): void => {
    const scope = scopes.get(id);
    if (!scope) return;
    const around = id === null ? null : byId.get(id);
    const dx = around ? Math.max(MARGIN, ((boxes.get(around.id)?.width ?? 0) - scope.width) / 2) : 0;
    const dy = around ? (around.kind === "scope" ? HEAD.scope : HEAD.state) : 0;
    for (const [node, box] of scope.boxes) {
      boxes.set(node, { ...box, x: box.x + dx, y: box.y + dy });
      settle(node, left + box.x + dx, up + box.y + dy);
    }
    const moved = <P extends Point>(point: P): P => ({ ...point, x: point.x + left + dx, y: point.y + up + dy });
    for (const [edge, route] of scope.routes) {
      routes.set(edge, { points: route.points.map(moved), label: route.label && moved(route.label) });
    }
  };
  settle(null, 0, 0);
  const whole = scopes.get(null);
  return { boxes, routes, width: whole?.width ?? 0, height: whole?.height ?? 0 };
}
