/** A state's own text within a definition in JSON, to the letter: numbers and order stay as they were written. */
import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";
import { type Pointer, tokens } from "../document/pointer";

/** null: it is not there, or this is no JSON. */
export function stateText(definition: string, pointer: Pointer): string | null {
  const node = placeOf(definition, pointer);
  return node && definition.slice(node.offset, node.offset + node.length);
}

/** The definition with another text in the place of a state. */
export function withState(definition: string, pointer: Pointer, text: string): string {
  const node = placeOf(definition, pointer);
  if (!node) throw new Error(`there is no state ${pointer}`);
  return definition.slice(0, node.offset) + text + definition.slice(node.offset + node.length);
}

/** The names of the states that are in no other, in the order of the definition. */
export function statesOf(definition: string): string[] {
  const root = parseTree(definition);
  const states = root && findNodeAtLocation(root, ["States"]);
  return (states?.children ?? []).map((member) => String(member.children?.[0]?.value));
}

function placeOf(definition: string, pointer: Pointer): Node | null {
  let node = parseTree(definition);
  for (const token of tokens(pointer)) {
    if (!node) return null;
    node = findNodeAtLocation(node, [node.type === "array" ? Number(token) : token]);
  }
  return node ?? null;
}
