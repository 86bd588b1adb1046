import Elk from "elkjs/lib/elk.bundled.js";
import { expect, test } from "vitest";
import { type Box, layout, type Placed } from "./layout";
import { type Graph, graphOf } from "./of_definition";

const elk = new Elk();
const engine = (scope: Parameters<typeof elk.layout>[0]) => elk.layout(scope);
const pass = { Type: "Pass", End: true };

/** Where a node stands in the whole, not in its parent. */
function absolute(graph: Graph, placed: Placed, id: string): Box {
  const box = placed.boxes.get(id);
  if (!box) throw new Error(`${id} was not placed`);
  const parent = graph.nodes.find((node) => node.id === id)?.parent;
  if (parent == null) return box;
  const around = absolute(graph, placed, parent);
  return { ...box, x: box.x + around.x, y: box.y + around.y };
}

test("a state stands below the one that leads to it", async () => {
  const graph = graphOf({ StartAt: "A", States: { A: { Type: "Pass", Next: "B" }, B: pass } });
  const placed = await layout(graph, engine);

  expect(absolute(graph, placed, "/States/B").y).toBeGreaterThan(absolute(graph, placed, "/States/A").y);
});

test("many branches stand from left to right as they are written", async () => {
  const branch = (name: string) => ({ StartAt: name, States: { [name]: pass } });
  const names = ["E", "B", "D", "A", "C"];
  const graph = graphOf({
    StartAt: "All",
    States: { All: { Type: "Parallel", Branches: names.map(branch), End: true } },
  });
  const placed = await layout(graph, engine);
  const lefts = names.map((_, index) => absolute(graph, placed, `/States/All/Branches/${index}`).x);

  expect(lefts).toEqual([...lefts].sort((a, b) => a - b));
});

test("what a state holds is within its box", async () => {
  const inner = {
    StartAt: "B",
    States: { B: { Type: "Map", ItemProcessor: { StartAt: "C", States: { C: pass } }, End: true } },
  };
  const graph = graphOf({ StartAt: "A", States: { A: { Type: "Map", ItemProcessor: inner, End: true } } });
  const placed = await layout(graph, engine);

  for (const node of graph.nodes) {
    if (node.parent === null) continue;
    const box = placed.boxes.get(node.id) as Box;
    const around = placed.boxes.get(node.parent) as Box;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(around.width);
    expect(box.y + box.height).toBeLessThanOrEqual(around.height);
  }
});

test("every transition has its way", async () => {
  const rule = { Variable: "$.a", IsPresent: true, Next: "B" };
  const graph = graphOf({ StartAt: "A", States: { A: { Type: "Choice", Choices: [rule], Default: "A" }, B: pass } });
  const placed = await layout(graph, engine);

  expect([...placed.routes.keys()].sort()).toEqual(graph.edges.map((edge) => edge.id).sort());
});

/** States one after the other, the second of which holds another one. */
const COLUMN = {
  StartAt: "A",
  States: {
    A: { Type: "Pass", Next: "B" },
    B: { Type: "Map", ItemProcessor: { StartAt: "In", States: { In: pass } }, Next: "C" },
    C: { Type: "Succeed" },
  },
};

test("states one after the other stand where ELK puts them, and nobody asks it", async () => {
  const graph = graphOf(COLUMN);
  let asked = 0;
  const placed = await layout(graph, (scope) => {
    asked += 1;
    return engine(scope);
  });
  // A label makes it no plain column; ELK puts it aside.
  const labelled = { ...graph, edges: graph.edges.map((edge) => ({ ...edge, label: " " })) };
  const byElk = await layout(labelled, (scope) =>
    engine({ ...scope, edges: scope.edges?.map((edge) => ({ ...edge, labels: [] })) ?? [] }),
  );

  expect(asked).toBe(0);
  expect(placed).toEqual({ ...byElk, boxes: placed.boxes, routes: placed.routes });
  expect(Object.fromEntries(placed.boxes)).toEqual(Object.fromEntries(byElk.boxes));
  expect(Object.fromEntries(placed.routes)).toEqual(Object.fromEntries(byElk.routes));
});

test.each([
  ["a circle", { A: { Type: "Pass", Next: "B" }, B: { Type: "Pass", Next: "A" } }],
  ["a state beside the way", { A: pass, B: pass }],
  ["two ways to one state", { A: { Type: "Pass", Next: "B", Catch: [{ ErrorEquals: ["x"], Next: "B" }] }, B: pass }],
])("%s is left to ELK", async (_, States) => {
  let asked = 0;
  const placed = await layout(graphOf({ StartAt: "A", States }), (scope) => {
    asked += 1;
    return engine(scope);
  });

  expect(asked).toBe(1);
  expect(placed.boxes.has("/States/B")).toBe(true);
});

test("very many states one after the other are no reason to fail", async () => {
  const names = Array.from({ length: 200_000 }, (_, index) => `S${index}`);
  const States = Object.fromEntries(names.map((name, index) => [name, { Type: "Pass", Next: names[index + 1] }]));
  States.S199999 = { Type: "Succeed", Next: undefined };
  const placed = await layout(graphOf({ StartAt: "S0", States }), engine);

  expect(placed.boxes.get("/States/S199999")?.y).toBeGreaterThan(200_000);
});

test("a graph of nothing has no size that hurts", async () => {
  const placed = await layout(graphOf(null), engine);

  expect(placed.boxes.size).toBe(0);
});
