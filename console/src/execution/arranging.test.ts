import { expect, test } from "vitest";
import { type Arranging, arranged, next, readSort } from "./arranging";
import { made } from "./making";

const VISITS = [
  made({ id: 1, path: "Map[10]/Ship", started: 0, ended: 50, outcome: "Succeeded" }),
  made({ id: 2, path: "Map[2]/Ship", started: 5, ended: 10, outcome: "Failed", attempts: 3 }),
  made({ id: 3, path: "Check", started: 20 }),
];
const ids = (arranging: Arranging, now: number) => arranged(VISITS, arranging, now).map(({ id }) => id);

test("visits are found by a part of their path and by how they stand", () => {
  expect(ids({ find: "map[" }, 100)).toEqual([1, 2]);
  expect(ids({ standing: "Running" }, 100)).toEqual([3]);
  expect(ids({ find: "ship", standing: "Failed" }, 100)).toEqual([2]);
});

test("those that took longest are found at once, and what runs counts up to now", () => {
  expect(ids({ sort: "-took" }, 100)).toEqual([3, 1, 2]);
  expect(ids({ sort: "-took" }, 30)).toEqual([1, 3, 2]);
});

test("numbers in names are numbers", () => {
  expect(ids({ sort: "state" }, 100)).toEqual([3, 2, 1]);
});

test("a head sorts upwards, downwards, and then no more", () => {
  expect([next("took", undefined), next("took", "took"), next("took", "-took"), next("took", "state")]).toEqual([
    "took",
    "-took",
    undefined,
    "took",
  ]);
});

test("an address with an unknown order has none", () => {
  expect(readSort("-attempts")).toBe("-attempts");
  expect(readSort("color")).toBeUndefined();
});
