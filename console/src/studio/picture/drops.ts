/** What is done when something is let go somewhere in the picture, as an act on the document. */
import {
  type Act,
  type Document,
  insertState,
  moveState,
  type Pointer,
  paste,
  Refused,
  retarget,
  type Where,
} from "../../document";
import { clipWith } from "../../document/acts/clip";
import { languageOf } from "../../document/acts/language";
import type { Content } from "../../document/content";
import { child } from "../../document/pointer";
import { nodeOf, type Target, whereAt } from "../../editing/places";
import type { Graph } from "../../graph/of_definition";
import { FLOW } from "../palette/flow";
import type { Item } from "./dragging";

/** Whether something may be let go there. What an act refuses beyond that is said when it is tried. */
export function fits(graph: Graph, item: Item, target: Target): boolean {
  if (item.kind === "end") {
    const node = "node" in target ? nodeOf(graph, target.node) : undefined;
    return (node?.kind === "state" || node?.kind === "end") && (node.parent ?? "") === item.scope;
  }
  const where = whereAt(graph, target);
  if (where === null || item.kind !== "state") return where !== null;
  // Where it stands already, or within itself.
  const place = "edge" in where ? where.edge : "after" in where ? where.after : null;
  return place !== null && place !== item.pointer && !place.startsWith(`${item.pointer}/`);
}

/** A state to begin with, as the server has it of a resource. */
export interface Begun {
  name: string;
  fields: Record<string, Content>;
}

/** `begun`: of a resource. Raises Refused. */
export function dropped(document: Document, graph: Graph, item: Item, target: Target, begun: Begun | null): Act {
  const node = "node" in target ? nodeOf(graph, target.node) : undefined;
  if (item.kind === "end") {
    if (!node) throw new Refused("A transition leads to a state, or to the end.");
    return retarget(document, item.edge, node.kind === "end" ? null : node.name);
  }
  const where = whereAt(graph, target);
  if (!where) throw new Refused("Several ways end here: choose one of them.");
  return item.kind === "state"
    ? moveState(document, item.pointer, edgeOf(document, where))
    : added(document, where, item, begun, node?.kind === "ghost" ? node.name : null);
}

export type New = Exclude<Item, { kind: "state" } | { kind: "end" }>;

/** What is new comes in. `name`: of a state that was missing there. Raises Refused. */
export function added(document: Document, where: Where, item: New, begun: Begun | null, name: string | null): Act {
  if (item.kind === "text") return called("Add", paste(document, where, item.text));
  if (item.kind === "resource") {
    if (!begun) throw new Refused(`Nothing is known about ${item.offer.resource}.`);
    return insertState(document, where, name ?? begun.name, begun.fields);
  }
  const made = FLOW[item.type];
  if (!made) throw new Refused(`There is no type of state called ${item.type}.`);
  const states = made(name ?? item.type, languageOf(document.definition));
  return called("Add", paste(document, where, clipWith(states, document).text));
}

const called = (word: string, act: Act): Act => ({ ...act, name: act.name.replace(/^\S+/, word) });

function edgeOf(document: Document, where: Where): Pointer {
  if ("edge" in where) return where.edge;
  if ("scope" in where) throw new Refused("Nothing leads here yet: lead something here first.");
  return child(where.after, typeof document.at(child(where.after, "Next")) === "string" ? "Next" : "End");
}
