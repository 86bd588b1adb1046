import { expect, test } from "vitest";
import { EMPTY, withLines } from "./log_ring";

const rows = (count: number) => Array.from({ length: count }, (_, index) => [index, `line ${index}`] as const);

test("lines are kept in their order", () => {
  const ring = withLines(withLines(EMPTY, rows(2)), [[null, "last"]]);

  expect(ring.lines.map(({ text }) => text)).toEqual(["line 0", "line 1", "last"]);
  expect(ring.lines.map(({ number }) => number)).toEqual([0, 1, 2]);
});

test("of more lines than are kept the oldest go, and are counted", () => {
  const ring = withLines(withLines(EMPTY, rows(4), 5), rows(4), 5);

  expect(ring.lines.map(({ number }) => number)).toEqual([3, 4, 5, 6, 7]);
  expect(ring.dropped).toBe(3);
});
