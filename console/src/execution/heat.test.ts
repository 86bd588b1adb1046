import { expect, test } from "vitest";
import { heatOf, merged } from "./heat";
import type { Tally } from "./visits";

const TALLIES = new Map<string, Tally>([
  ["/States/Slow", { Succeeded: { count: 2, millis: 4_000, longest: 3_000 } }],
  ["/States/Quick", { Succeeded: { count: 1, millis: 1_000, longest: 1_000 } }],
  ["/States/Bad", { Failed: { count: 1, retries: 2 }, Succeeded: { count: 3, retries: 1 } }],
  ["/States/Idle", {}],
]);

test("the state that took longest is hottest, and the others are shares of it", () => {
  expect([...heatOf(TALLIES, "time")]).toEqual([
    ["/States/Slow", { share: 1, amount: 4_000, of: 3_000 }],
    ["/States/Quick", { share: 0.25, amount: 1_000, of: 1_000 }],
  ]);
});

test("failures are those that were tried again, too", () => {
  expect([...heatOf(TALLIES, "failures")]).toEqual([["/States/Bad", { share: 1, amount: 4, of: 4 }]]);
});

test("what was tried again most is hottest", () => {
  expect([...heatOf(TALLIES, "retries")]).toEqual([["/States/Bad", { share: 1, amount: 3, of: 4 }]]);
});

test("where nothing failed nothing is hot", () => {
  expect(heatOf(new Map([["/States/A", { Succeeded: { count: 1 } }]]), "failures").size).toBe(0);
});

test("of many executions counts and times are added, and the longest is the longest of all", () => {
  expect(merged([TALLIES, TALLIES]).get("/States/Slow")).toEqual({
    Succeeded: { count: 4, retries: 0, millis: 8_000, longest: 3_000 },
  });
});
