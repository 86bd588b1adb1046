/** A text as a tree, as it can be sent from a worker: objects without anything of a class. */
import { isTooDeep, TOO_DEEP } from "./depth";
import { Lines } from "./lines";
import { parseJson } from "./parse_json";
import { parseYaml } from "./parse_yaml";
import { ofTheWhole, type Problem } from "./problems";
import { type Node, nodes } from "./tree";
import { NumberText } from "./value";

export interface Parsed {
  root: Node | null;
  problems: Problem[];
}

export function parsed(text: string, format: "json" | "yaml"): Parsed {
  if (isTooDeep(text, format)) return { root: null, problems: [ofTheWhole(text, TOO_DEEP)] };
  return (format === "json" ? parseJson : parseYaml)(text, new Lines(text));
}

/** As it was before it was sent: numbers lose their class on the way. */
export function revived(sent: Parsed): Parsed {
  for (const [, node] of sent.root ? nodes(sent.root) : []) {
    if (node.kind === "scalar" && typeof node.value === "object" && node.value !== null) {
      node.value = new NumberText(node.value.text);
    }
  }
  return sent;
}
