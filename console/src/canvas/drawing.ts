/** The picture by itself, as SVG: for a file, so colours and fonts stand in it, and nothing is fetched. */
import { type Standing, standing, type Tally } from "../execution/visits";
import type { Box, Placed, Point } from "../graph/layout";
import type { Graph, GraphEdge, GraphNode } from "../graph/of_definition";
import { words } from "../words";
import { shapeOf } from "./glyphs";
import { rounded } from "./rounded";
import { SIGNS } from "./signs";

export interface Drawn {
  graph: Graph;
  placed: Placed;
  tallies?: ReadonlyMap<string, Tally> | undefined;
  taken?: ReadonlySet<string> | undefined;
}

/** Of a name in `theme/tokens.css`, without the dashes before it. */
export type Colours = (name: string) => string;

const MARGIN = 16;
const TIP = { length: 9, width: 8 };
const TONES: Record<Standing, string> = {
  Running: "running",
  Succeeded: "succeeded",
  Failed: "failed",
  TimedOut: "failed",
  Caught: "caught",
  Aborted: "aborted",
};

export function svgOf(drawn: Drawn, colour: Colours): string {
  const { graph, placed } = drawn;
  const [width, height] = sizeOf(placed);
  const at = absolute(drawn);
  const holding = new Set(graph.nodes.map(({ parent }) => parent));
  const boxes = graph.nodes.flatMap((node) => {
    const box = at.get(node.id);
    return box ? [boxOf(node, box, drawn.tallies?.get(node.id), holding.has(node.id), colour)] : [];
  });
  const ways = graph.edges.map((edge) => wayOf(edge, drawn, colour));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}"`,
    ` font-family="'Open Sans', system-ui, 'Segoe UI', sans-serif">`,
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" fill="${colour("surface")}"/>`,
    ...boxes,
    ...ways,
    "</svg>\n",
  ].join("");
}

/** Of the whole, with a margin. */
export const sizeOf = ({ width, height }: Placed): [number, number] => [
  Math.ceil(width) + 2 * MARGIN,
  Math.ceil(height) + 2 * MARGIN,
];

function absolute({ graph, placed }: Drawn): Map<string, Box> {
  const found = new Map<string, Box>();
  // What is around comes before what is in it.
  for (const { id, parent } of graph.nodes) {
    const box = placed.boxes.get(id);
    const around = parent === null ? undefined : found.get(parent);
    if (box) found.set(id, { ...box, x: box.x + (around?.x ?? 0), y: box.y + (around?.y ?? 0) });
  }
  return found;
}

function boxOf(node: GraphNode, box: Box, tally: Tally | undefined, isOpen: boolean, colour: Colours): string {
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  if (node.kind === "start" || node.kind === "end") {
    if (node.parent !== null) {
      const fill = colour(node.kind === "start" ? "line-strong" : "surface");
      return `<circle cx="${middle.x}" cy="${middle.y}" r="${box.width / 2 - 1}" fill="${fill}" stroke="${colour("line-strong")}" stroke-width="2"/>`;
    }
    const word = node.kind === "start" ? words.graph.start : words.graph.end;
    return (
      rect(box, box.height / 2, colour("surface"), colour("line-strong")) +
      text(word, middle.x, middle.y + 4, `font-size="12" font-weight="600" text-anchor="middle"`, colour("ink-soft"))
    );
  }
  if (node.kind === "scope") {
    return (
      rect(box, 10, colour("sunken"), colour("line-strong"), "4 3") +
      text(
        cut(node.name, box.width - 24, 6.6),
        box.x + 12,
        box.y + 20,
        `font-size="12" font-weight="600"`,
        colour("ink-faint"),
      )
    );
  }
  if (node.kind === "ghost") {
    const said = cut(words.graph.noState(node.name), box.width - 24, 6.4);
    return (
      rect(box, 10, colour("surface"), colour("failed"), "4 3") +
      text(said, box.x + 12, middle.y + 4, `font-size="12"`, colour("failed"))
    );
  }
  const how = standing(tally);
  const tone = how ? colour(TONES[how]) : colour("line-strong");
  const ground = how ? colour(`${TONES[how]}-ground`) : colour("surface");
  const room = box.width - 48 - (how ? 30 : 12);
  const what = [node.type, node.label].filter(Boolean).join(" · ");
  return [
    rect(box, 10, ground, tone, how === "Aborted" ? "4 3" : ""),
    `<g transform="translate(${box.x + 12} ${box.y + 15})"><rect width="26" height="26" rx="7" fill="${colour("sunken")}"/>`,
    `<path transform="translate(5 5)" d="${shapeOf(node.type)}" fill="none" stroke="${how ? tone : colour("ink-soft")}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/></g>`,
    text(cut(node.name, room, 7.6), box.x + 48, box.y + 26, `font-size="13.5" font-weight="650"`, colour("ink")),
    text(cut(what, isOpen ? box.width - 60 : room, 6), box.x + 48, box.y + 42, `font-size="11.5"`, colour("ink-faint")),
    how
      ? text(SIGNS[how], box.x + box.width - 14, box.y + 32, `font-size="14" font-weight="700" text-anchor="end"`, tone)
      : "",
  ].join("");
}

function wayOf(edge: GraphEdge, { placed, taken }: Drawn, colour: Colours): string {
  const route = placed.routes.get(edge.id);
  if (!route) return "";
  const isTaken = taken?.has(edge.id) ?? false;
  const stroke = colour(!isTaken ? "line-strong" : edge.kind === "catch" ? "caught" : "accent");
  const dashes = { catch: "5 4", default: "2 3" }[edge.kind as string];
  const line = `<path d="${rounded(route.points)}" fill="none" stroke="${stroke}" stroke-width="${isTaken ? 2.25 : 1.5}"${dashes ? ` stroke-dasharray="${dashes}"` : ""}/>`;
  const { label } = route;
  if (!label || !edge.label) return line + tip(route.points, stroke);
  const [x, y] = [label.x + label.width / 2, label.y + label.height / 2];
  const said = cut(edge.label, label.width, 5.8);
  return [
    line,
    tip(route.points, stroke),
    rect(label, 4, colour("surface"), "none"),
    text(said, x, y + 4, `font-size="11" text-anchor="middle"`, colour(isTaken ? "ink" : "ink-faint")),
  ].join("");
}

/** Where a way ends. */
function tip(points: readonly Point[], fill: string): string {
  const [before, end] = points.slice(-2);
  if (!before || !end) return "";
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  const path = `M0,0L${-TIP.length},${-TIP.width / 2}L${-TIP.length},${TIP.width / 2}Z`;
  return `<path transform="translate(${end.x} ${end.y}) rotate(${angle})" d="${path}" fill="${fill}"/>`;
}

const rect = ({ x, y, width, height }: Box, radius: number, fill: string, stroke: string, dashes = ""): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="1.5"${dashes ? ` stroke-dasharray="${dashes}"` : ""}/>`;

const text = (said: string, x: number, y: number, how: string, fill: string): string =>
  `<text x="${x}" y="${y}" ${how} fill="${fill}">${escaped(said)}</text>`;

const ENTITIES: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };
/** What XML cannot hold is shown as what it is: something else. */
const IMPOSSIBLE = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]|\p{Cs}/gu;
const escaped = (said: string): string =>
  said.replaceAll(IMPOSSIBLE, "\ufffd").replaceAll(/[<>&"]/g, (found) => ENTITIES[found] ?? "");

/** As much as there is room for. `each`: how wide a character is, about. */
function cut(said: string, room: number, each: number): string {
  const most = Math.max(1, Math.floor(room / each));
  const characters = [...said];
  return characters.length <= most ? said : `${characters.slice(0, most - 1).join("")}…`;
}
