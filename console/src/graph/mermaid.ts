/**
 * The picture as a flowchart of Mermaid, which GitHub, GitLab and many editors draw: https://mermaid.js.org/syntax/flowchart.html.
 * `operator/stepwright/asl/graph/mermaid.py` writes the same; `tests/graph_cases` hold both to it.
 */
import { STANDINGS, type Standing } from "../execution/visits";
import type { Graph, GraphEdge, GraphNode } from "./of_definition";

/** What Mermaid, or the HTML that it makes, would take for more than a character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const SPECIAL = /["#<>&`;\\{}\x00-\x1f\x7f]/g;

const LOOKS: Record<Standing, string> = {
  Running: "stroke:#006ce0,fill:#eef6ff",
  Succeeded: "stroke:#00802f,fill:#effaf1",
  Failed: "stroke:#db0000,fill:#fff3f2",
  TimedOut: "stroke:#db0000,fill:#fff3f2",
  Caught: "stroke:#855900,fill:#fffbe8",
  Aborted: "stroke:#5f6772,fill:#f2f4f7,stroke-dasharray:4",
};

/** Lines, each with its end. `standings`: of an execution, by the ids of states. */
export function mermaidOf(graph: Graph, standings: ReadonlyMap<string, Standing> = new Map()): string {
  const linked = new Set(graph.edges.flatMap(({ source, target }) => [source, target]));
  const shown = graph.nodes.filter(({ id, kind }) => (kind !== "start" && kind !== "end") || linked.has(id));
  const names = new Map(shown.map(({ id }, number) => [id, `n${number}`]));
  const inside = new Map<string | null, GraphNode[]>();
  for (const node of shown) {
    const held = inside.get(node.parent);
    if (held) held.push(node);
    else inside.set(node.parent, [node]);
  }
  const lines = ["flowchart TD"];
  const write = (node: GraphNode, indent: string) => {
    const held = inside.get(node.id) ?? [];
    if (held.length === 0 && node.kind !== "scope") {
      lines.push(`${indent}${names.get(node.id)}${shaped(node)}`);
      return;
    }
    lines.push(`${indent}subgraph ${names.get(node.id)}["${titleOf(node)}"]`);
    for (const inner of held) write(inner, `${indent}  `);
    lines.push(`${indent}end`);
  };
  for (const node of inside.get(null) ?? []) write(node, "  ");
  for (const edge of graph.edges) lines.push(`  ${arrow(edge, names)}`);
  if (shown.some(({ kind }) => kind === "ghost")) lines.push("  classDef ghost stroke:#c00,stroke-dasharray:4");
  for (const how of STANDINGS) {
    const those = shown.filter(({ id }) => standings.get(id) === how).map(({ id }) => names.get(id));
    if (those.length > 0) lines.push(`  classDef ${how} ${LOOKS[how]}`, `  class ${those.join(",")} ${how}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function shaped(node: GraphNode): string {
  const title = titleOf(node);
  if (node.kind === "start" || node.kind === "end" || node.type === "Succeed" || node.type === "Fail") {
    return `(["${title}"])`;
  }
  if (node.type === "Choice") return `{"${title}"}`;
  return `["${title}"]${node.kind === "ghost" ? ":::ghost" : ""}`;
}

const titleOf = ({ name, label }: GraphNode): string => [name, label].filter(Boolean).map(text).join("<br/>") || " ";

function arrow({ source, target, kind, label }: GraphEdge, names: ReadonlyMap<string, string>): string {
  const said = label ? `|"${text(label)}"|` : "";
  return `${names.get(source)} ${kind === "catch" ? "-.->" : "-->"}${said} ${names.get(target)}`;
}

const text = (of: string): string =>
  of.replaceAll(SPECIAL, (found) => (found >= " " ? `#${found.charCodeAt(0)};` : " "));
