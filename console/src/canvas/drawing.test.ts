import { expect, test } from "vitest";
import type { Placed } from "../graph/layout";
import { graphOf } from "../graph/of_definition";
import { svgOf } from "./drawing";

const graph = graphOf({
  StartAt: "A",
  States: {
    A: { Type: "Choice", Choices: [{ Variable: "$.x", StringEquals: "<&>", Next: "B" }] },
    B: { Type: "Pass", End: true },
  },
});
const placed: Placed = {
  boxes: new Map(graph.nodes.map(({ id }, index) => [id, { x: 0, y: index * 80, width: 208, height: 58 }])),
  routes: new Map(
    graph.edges.map(({ id }, index) => [
      id,
      {
        points: [
          { x: 104, y: index * 80 },
          { x: 104, y: index * 80 + 20 },
        ],
        label: { x: 0, y: 0, width: 170, height: 18 },
      },
    ]),
  ),
  width: 208,
  height: 300,
};

test("a picture for a file holds its colours, and fetches nothing", () => {
  const svg = svgOf(
    { graph, placed, tallies: new Map([["/States/B", { Failed: { count: 1 } }]]) },
    (name) => `(${name})`,
  );

  expect(svg).toContain('stroke="(failed)"');
  expect(svg).toContain("✕");
  expect(svg).not.toMatch(/href|url\(|var\(/);
});

test("names that would be more than text in it are text", () => {
  const hostile = graphOf({ StartAt: "<script>\u0000\ud800", States: { "<script>\u0000\ud800": { Type: '"><' } } });
  const boxes = new Map(hostile.nodes.map(({ id }) => [id, { x: 0, y: 0, width: 208, height: 58 }]));

  const svg = svgOf({ graph: hostile, placed: { ...placed, boxes, routes: new Map() } }, () => "red");

  expect(svg).toContain("&lt;script&gt;\ufffd\ufffd");
  expect(svg).not.toContain("<script>");
});
