import { expect, test } from "vitest";
import { graphOf } from "./of_definition";
import { type Direction, walk } from "./walk";

const inner = (name: string) => ({ StartAt: name, States: { [name]: { Type: "Pass", End: true } } });
const GRAPH = graphOf({
  StartAt: "Both",
  States: {
    Both: { Type: "Parallel", Branches: [inner("Pay"), inner("Stock")], Next: "Large?" },
    "Large?": { Type: "Choice", Choices: [{ Variable: "$.n", IsPresent: true, Next: "Ask" }], Default: "Ship" },
    Ask: { Type: "Pass", Next: "Ask" },
    Ship: { Type: "Succeed" },
  },
});
const STOCK = "/States/Both/Branches/1/States/Stock";
const PAY = "/States/Both/Branches/0/States/Pay";

test.each([
  [null, "down", "/States/Both"],
  ["/States/Both", "down", "/States/Large?"],
  ["/States/Both", "right", PAY],
  [PAY, "right", STOCK],
  [STOCK, "left", PAY],
  [PAY, "left", "/States/Both"],
  [PAY, "up", "/States/Both"],
  ["/States/Large?", "down", "/States/Ask"],
  ["/States/Ask", "right", "/States/Ship"],
  ["/States/Ship", "left", "/States/Ask"],
  ["/States/Ship", "up", "/States/Large?"],
  ["/States/Ask", "down", null],
  ["/States/Ship", "down", null],
  ["/States/Gone", "down", "/States/Both"],
] as const)("from %s an arrow %s leads to %s", (from, direction, to) => {
  expect(walk(GRAPH, from, direction as Direction)).toBe(to);
});

test("in a picture of nothing there is nowhere to go", () => {
  expect(walk({ nodes: [], edges: [] }, null, "down")).toBeNull();
});
