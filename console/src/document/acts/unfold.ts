/** Each alias becomes what it stands for, so that every place can be edited by itself; anchors stay, and mean nothing. */
import type { Content } from "../content";
import type { Document } from "../document";
import type { Edit } from "../edit";
import { made } from "../making";
import { child, type Pointer } from "../pointer";
import { nodes, type ObjectNode } from "../tree";
import { entries, valueAt } from "../value";
import type { Act } from "./act";

/** Raises Refused if the text cannot be read. */
export function unfoldAliases(document: Document): Act {
  document.refuseUnreadable();
  const edits: Edit[] = [];
  for (const [pointer, node] of document.root ? nodes(document.root) : []) {
    if (node.kind === "object") edits.push(...unmerged(document, pointer, node));
    else if (node.kind === "alias" && !/\/<<(\/\d+)?$/.test(pointer)) {
      edits.push({ do: "set", at: pointer, value: valueAt(document.value, pointer) as Content });
    }
  }
  return { name: "Unfold aliases", selection: null, notes: [], ...made(document, edits) };
}

function unmerged(document: Document, pointer: Pointer, { members }: ObjectNode): Edit[] {
  const index = members.findIndex(({ key }) => key === "<<");
  if (index < 0) return [];
  const after = members[index - 1]?.key ?? null;
  const own = new Set(members.map(({ key }) => key));
  const merged = entries(valueAt(document.value, pointer)).filter(([name]) => !own.has(name));
  const inserts = merged.map(
    ([name, value]): Edit => ({ do: "insert", at: child(pointer, name), value: value as Content, after }),
  );
  return [{ do: "remove", at: child(pointer, "<<") }, ...inserts];
}
