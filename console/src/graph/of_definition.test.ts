import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mermaidOf } from "./mermaid";
import { graphOf } from "./of_definition";

/** Written by Python (`python -m tests.data.graph_cases`); GRAPH_CASES names a folder of more, which are not in the repository. */
const FOLDERS = [new URL("../../../tests/graph_cases", import.meta.url).pathname, process.env.GRAPH_CASES ?? ""];
const cases = FOLDERS.filter((folder) => folder !== "" && existsSync(folder)).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, `${folder}/${name}`] as const),
);

describe("a definition has the picture that Python draws, and the same text for Mermaid", () => {
  test.each(cases)("%s", (_, path) => {
    const { definition, graph, mermaid } = JSON.parse(readFileSync(path, "utf8"));

    expect(graphOf(definition)).toEqual(graph);
    expect(mermaidOf(graphOf(definition))).toBe(mermaid);
  });
});

test("of an execution the text for Mermaid tells how its states stand", () => {
  const graph = graphOf({ StartAt: "A", States: { A: { Type: "Pass", Next: "B" }, B: { Type: "Succeed" } } });

  const text = mermaidOf(
    graph,
    new Map([
      ["/States/A", "Succeeded"],
      ["/States/B", "Failed"],
    ]),
  );

  expect(text).toContain("  classDef Failed stroke:#db0000,fill:#fff3f2\n  class n2 Failed\n");
  expect(text).toContain("  class n1 Succeeded\n");
});

const words = fc.constantFrom(
  ...["StartAt", "States", "A", "B", "Type", "Next", "End", "Choices", "Default", "Catch", "Branches", "ItemProcessor"],
  ...["Iterator", "Choice", "Fail", "And", "Or", "Not", "Variable", "Condition", "Seconds", "ErrorEquals", "IsPresent"],
  ...["NumericEquals", "Wait", "Map", "ProcessorConfig", "Mode", "$.x", "{% $x %}", "__proto__", "constructor"],
);
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(words, fc.constant(null), fc.boolean(), fc.double(), fc.string({ maxLength: 4 })),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(words, fc.string({ maxLength: 3 })), tie("value")), { maxLength: 6 })
      .map(Object.fromEntries),
    fc.array(fc.tuple(words, tie("value")), { maxLength: 6 }).map((members) => new Map(members)),
  ),
}));

test("anything has a picture, in which all that is named is there once", () => {
  fc.assert(
    fc.property(json, (value) => {
      const graph = graphOf(value);
      const ids = new Set(graph.nodes.map((node) => node.id));
      expect(ids.size).toBe(graph.nodes.length);
      for (const edge of graph.edges) expect(ids.has(edge.source) && ids.has(edge.target)).toBe(true);
      for (const node of graph.nodes) expect(node.parent === null || ids.has(node.parent)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test("200,000 branches are no reason to fail", () => {
  const graph = graphOf({ StartAt: "A", States: { A: { Type: "Parallel", Branches: new Array(200_000).fill(null) } } });

  expect(graph.nodes.filter((node) => node.kind === "scope").length).toBe(200_000);
});
