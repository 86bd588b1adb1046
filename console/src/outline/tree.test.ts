import { expect, test } from "vitest";
import { graphOf } from "../graph/of_definition";
import { treeOf, visible } from "./tree";

const pass = { Type: "Pass", End: true };
const graph = graphOf({
  StartAt: "Ask",
  States: {
    Ask: {
      Type: "Choice",
      Choices: [{ Variable: "$.total", NumericGreaterThan: 100, Next: "Both" }],
      Default: "Nowhere",
    },
    Both: {
      Type: "Parallel",
      Branches: [
        { StartAt: "One", States: { One: pass } },
        { StartAt: "Two", States: { Two: pass } },
      ],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Ask" }],
      End: true,
    },
  },
});

test("states stand in their order, with what is in them, where they lead and how one comes to them", () => {
  const [ask, both] = treeOf(graph);

  expect(ask).toMatchObject({ name: "Ask", level: 1, isStart: true, waysIn: 2 });
  expect(ask?.leads).toEqual(["If $.total > 100: Both", "Otherwise: There is no state Nowhere"]);
  expect(both?.leads).toEqual(["On States.ALL: Ask", "ends"]);
  expect(both?.children.map(({ name, level }) => [name, level])).toEqual([
    ["Branch 1", 2],
    ["Branch 2", 2],
  ]);
  expect(both?.children[1]?.children[0]).toMatchObject({ name: "Two", level: 3, isStart: true });
});

test("what is in a folded one is not seen", () => {
  const tree = treeOf(graph);

  expect(visible(tree, new Set()).length).toBe(6);
  expect(visible(tree, new Set(["/States/Both"])).map(({ name }) => name)).toEqual(["Ask", "Both"]);
});
