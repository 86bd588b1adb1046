import { expect, test } from "vitest";
import { rounded } from "./rounded";

test("a straight way has no corners", () => {
  expect(
    rounded([
      { x: 0, y: 0 },
      { x: 0, y: 40 },
    ]),
  ).toBe("M0,0L0,40");
});

test("a corner is round, and the way ends where it ended", () => {
  const path = rounded([
    { x: 0, y: 0 },
    { x: 0, y: 40 },
    { x: 60, y: 40 },
  ]);

  expect(path).toBe("M0,0L0,31Q0,40 9,40L60,40");
});

test("where there is no room for it the corner is smaller", () => {
  expect(
    rounded([
      { x: 0, y: 0 },
      { x: 0, y: 4 },
      { x: 60, y: 4 },
    ]),
  ).toBe("M0,0L0,2Q0,4 2,4L60,4");
});

test("a way of nothing is none", () => {
  expect(rounded([])).toBe("");
});
