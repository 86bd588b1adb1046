/** How a text is written, so that what is added looks like what is there. */
import { columnOf } from "./lines";
import { type Node, nodes } from "./tree";

/** `unit`: one level of indentation. `deepDashes`: items of YAML stand further in than the name that they belong to. */
export interface Habits {
  unit: string;
  newline: "\n" | "\r\n";
  manyLines: boolean;
  inlineLists: boolean;
  deepDashes: boolean;
}

export function habitsOf(text: string, format: "json" | "yaml", root: Node | null): Habits {
  return {
    unit: format === "json" ? (/\n([ \t]+)\S/.exec(text)?.[1] ?? "  ") : yamlUnit(text, root),
    newline: text.includes("\r\n") ? "\r\n" : "\n",
    manyLines: format === "yaml" || text.trim() === "" || text.trim().includes("\n"),
    inlineLists: /[:,][ \t]*\[[ \t]*[^\s[\]{}][^\n[\]{}]*\][ \t]*,?[ \t]*\r?(\n|$)/.test(text),
    deepDashes: !/^( *)[^\s#-][^\n]*:[ \t]*\r?\n\1- /m.test(text),
  };
}

/** The first object in an object shows it. */
function yamlUnit(text: string, root: Node | null): string {
  if (root === null) return "  ";
  for (const [, node] of nodes(root)) {
    if (node.kind !== "object" || node.flow) continue;
    for (const { from, value } of node.members) {
      if (value.kind !== "object" || value.flow) continue;
      const deeper = columnOf(text, value.from) - columnOf(text, from);
      if (deeper > 0) return " ".repeat(deeper);
    }
  }
  return "  ";
}
