/**
 * What a definition shows as a picture: states and scopes as nodes, transitions as edges.
 *
 * Anything gives a graph: what is missing or of the wrong type is left out, so that a text has a picture while it is being
 * written. `operator/stepwright/asl/graph` draws the same; `tests/graph_cases` hold both to it.
 */
import { child, escaped, type Pointer } from "../document/pointer";
import { ends, held, type Transition, type TransitionKind, transitions } from "../document/structure";
import { entries, isObject, member } from "../document/value";
import * as words from "./words";

/**
 * `id`: the JSON pointer of a state, or of a branch or an item processor (a scope); with `#start`, `#end` or `#ghost/NAME`
 * behind that of its scope, what the definition does not name. A ghost is a state that does not exist, but to which a
 * transition leads. `parent`: the scope that a state is in, the state that a scope is in; null in the machine's own scope.
 * `label`: what distinguishes it from others of its type, such as the Resource of a Task.
 */
export interface GraphNode {
  id: string;
  parent: string | null;
  kind: "state" | "scope" | "start" | "end" | "ghost";
  name: string;
  type: string;
  label: string;
}

/**
 * `id`: the JSON pointer of what says where it leads (`/States/A/Catch/0/Next`). `source` and `target` are nodes.
 * `label`: a condition in words, or the names of errors.
 */
export interface GraphEdge {
  id: string;
  source: string;
  target: string;
  kind: TransitionKind | "end";
  label: string;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** Scopes within scopes; no valid definition has that many. */
const DEEPEST = 30;
/** Of a longer name only so many characters stand in pointers, as in those of findings. Valid names have 80 at most. */
const LONGEST_TOKEN = 256;

/** `holder`: the state that holds it. */
interface Scope {
  value: unknown;
  pointer: Pointer;
  holder: string | null;
  name: string;
  depth: number;
}

/** Scope by scope, the outer ones first; within one: start, states as they are written, end, ghosts. */
export function graphOf(definition: unknown): Graph {
  const graph: Graph = { nodes: [], edges: [] };
  if (!isObject(definition)) return graph;
  const waiting: Scope[] = [{ value: definition, pointer: "", holder: null, name: "", depth: 0 }];
  for (const scope of waiting) {
    for (const inner of draw(scope, graph)) waiting.push(inner);
  }
  return graph;
}

/** Gives the scopes inside. */
function draw({ value, pointer, holder, name, depth }: Scope, graph: Graph): Scope[] {
  const parent = pointer === "" ? null : pointer;
  const start = `${pointer}#start`;
  const end = `${pointer}#end`;
  const states = new Map<string, [string, unknown]>();
  for (const [state, fields] of entries(member(value, "States"))) {
    const id = child(pointer, "States", cut(state));
    if (!states.has(id)) states.set(id, [state, fields]);
  }
  const ghosts = new Map<string, GraphNode>();
  const link = (source: string, { kind, target }: Transition, id: string, label: string) => {
    if (typeof target !== "string") return;
    let led = child(pointer, "States", cut(target));
    if (!states.has(led)) {
      led = `${pointer}#ghost/${escaped(cut(target))}`;
      if (!ghosts.has(led)) ghosts.set(led, { id: led, parent, kind: "ghost", name: target, type: "", label: "" });
    }
    graph.edges.push({ id, source, target: led, kind, label });
  };

  if (parent !== null) graph.nodes.push({ id: pointer, parent: holder, kind: "scope", name, type: "", label: "" });
  graph.nodes.push({ id: start, parent, kind: "start", name: "Start", type: "", label: "" });
  for (const [id, [state, fields]] of states) {
    const type = member(fields, "Type");
    const shown = typeof type === "string" ? type : "";
    graph.nodes.push({ id, parent, kind: "state", name: state, type: shown, label: words.ofState(fields) });
  }
  graph.nodes.push({ id: end, parent, kind: "end", name: "End", type: "", label: "" });
  const first: Transition = { kind: "start", target: member(value, "StartAt"), where: "/StartAt", by: value };
  link(start, first, pointer + first.where, "");
  const inside: Scope[] = [];
  for (const [id, [, fields]] of states) {
    for (const transition of transitions(fields)) link(id, transition, id + transition.where, labelOf(transition));
    if (ends(fields)) graph.edges.push({ id: child(id, "End"), source: id, target: end, kind: "end", label: "" });
    for (const { scope, where, branch } of depth < DEEPEST ? held(fields) : []) {
      const called = branch === null ? "Each item" : `Branch ${branch}`;
      inside.push({ value: scope, pointer: id + where, holder: id, name: called, depth: depth + 1 });
    }
  }
  for (const ghost of ghosts.values()) graph.nodes.push(ghost);
  return inside;
}

function labelOf({ kind, where, by }: Transition): string {
  switch (kind) {
    case "choice":
      return words.ofRule(by) || `#${Number(where.split("/")[2]) + 1}`;
    case "default":
      return "Default";
    case "catch":
      return words.ofCatcher(by);
    default:
      return "";
  }
}

/** Counted in code points, as Python does. */
function cut(name: string): string {
  if (name.length <= LONGEST_TOKEN) return name;
  const points = Array.from(name);
  return points.length <= LONGEST_TOKEN ? name : `${points.slice(0, LONGEST_TOKEN).join("")}...`;
}
