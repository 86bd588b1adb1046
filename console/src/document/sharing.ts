/** Edits of what several places share, by anchors and aliases of YAML: they are refused, with the way out. */
import { Refused } from "./content";
import type { Document } from "./document";
import type { Edit } from "./edit";
import type { Pointer } from "./pointer";
import { BehindAlias, holderOf, type Node, nodeAt, nodes } from "./tree";

/** What stands in an alias is changed where its anchor is; what has an anchor that is used stays. */
export function refuseShared(document: Document, root: Node, edits: readonly Edit[]): void {
  if (document.format === "json" || !document.text.includes("*")) return;
  for (const edit of edits) {
    try {
      const at = edit.at === "" ? null : holderOf(root, edit.at);
      const node = at && edit.do !== "insert" ? nodeAt(root, edit.at) : null;
      if (node && (edit.do === "set" || edit.do === "remove")) refuseNamed(document, root, node, edit.at);
    } catch (error) {
      if (!(error instanceof BehindAlias)) throw error;
      const { name } = error.alias;
      throw new Refused(
        `This comes from *${name}: edit it where the anchor &${name} is${lineOf(document, root, name)}, or unfold the aliases first.`,
        edit.at,
      );
    }
  }
}

function refuseNamed(document: Document, root: Node, node: Node, pointer: Pointer): void {
  const inside = new Set([...nodes(node)].flatMap(([, { anchor }]) => anchor ?? []));
  if (inside.size === 0) return;
  const own = new Set([...nodes(node)].map(([, each]) => each));
  for (const [, each] of nodes(root)) {
    if (each.kind !== "alias" || own.has(each) || !inside.has(each.name)) continue;
    const where = lineOf(document, root, each.name);
    throw new Refused(`&${each.name}${where} is used elsewhere, as *${each.name}: unfold the aliases first.`, pointer);
  }
}

function lineOf(document: Document, root: Node, name: string): string {
  for (const [, node] of nodes(root)) {
    if (node.anchor === name) return ` (line ${document.text.slice(0, node.from).split("\n").length})`;
  }
  return "";
}
