/** From state to state by arrows: down and up along the flow, right and left between ways, branches and what is inside. */
import type { Graph, GraphNode } from "./of_definition";

export type Direction = "down" | "up" | "left" | "right";

/** The node that an arrow leads to; null if it leads nowhere. Without a start it is the first state. */
export function walk(graph: Graph, from: string | null, direction: Direction): string | null {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const here = from === null ? undefined : byId.get(from);
  if (!here) return firstIn(graph, null);
  const outwards = distinct(graph.edges.filter(({ source }) => source === here.id).map(({ target }) => target));
  const inwards = graph.edges.filter(({ target, source }) => target === here.id && source !== here.id);
  const isState = (id: string) => byId.get(id)?.kind === "state";
  switch (direction) {
    case "down":
      return outwards.find((id) => isState(id) && id !== here.id) ?? null;
    case "up": {
      const before = inwards.map(({ source }) => source).find(isState);
      return before ?? holderOf(byId, here);
    }
    case "right":
      return (
        firstInside(graph, here.id) ?? beside(graph, isState, here, inwards, 1) ?? branchBeside(graph, byId, here, 1)
      );
    case "left":
      return beside(graph, isState, here, inwards, -1) ?? branchBeside(graph, byId, here, -1) ?? holderOf(byId, here);
  }
}

/** Another way that can be taken where this one begins. */
function beside(
  graph: Graph,
  isState: (id: string) => boolean,
  here: GraphNode,
  inwards: readonly { source: string }[],
  step: number,
): string | null {
  const fork = inwards[0]?.source;
  if (fork === undefined) return null;
  const ways = distinct(graph.edges.filter(({ source }) => source === fork).map(({ target }) => target)).filter(
    isState,
  );
  return ways[ways.indexOf(here.id) + step] ?? null;
}

function branchBeside(
  graph: Graph,
  byId: ReadonlyMap<string, GraphNode>,
  here: GraphNode,
  step: number,
): string | null {
  const scope = here.parent === null ? undefined : byId.get(here.parent);
  if (!scope) return null;
  const branches = graph.nodes.filter(({ kind, parent }) => kind === "scope" && parent === scope.parent);
  const next = branches[branches.findIndex(({ id }) => id === scope.id) + step];
  return next ? firstIn(graph, next.id) : null;
}

function firstInside(graph: Graph, state: string): string | null {
  const scope = graph.nodes.find(({ kind, parent }) => kind === "scope" && parent === state);
  return scope ? firstIn(graph, scope.id) : null;
}

/** The state that a scope begins with, else the first that is written there. */
function firstIn(graph: Graph, scope: string | null): string | null {
  const states = graph.nodes.filter(({ kind, parent }) => kind === "state" && parent === scope);
  const begins = graph.edges.find(({ source }) => source === `${scope ?? ""}#start`)?.target;
  return (states.find(({ id }) => id === begins) ?? states[0])?.id ?? null;
}

function holderOf(byId: ReadonlyMap<string, GraphNode>, here: GraphNode): string | null {
  const scope = here.parent === null ? undefined : byId.get(here.parent);
  return scope?.parent ?? null;
}

const distinct = (ids: readonly string[]): string[] => [...new Set(ids)];
