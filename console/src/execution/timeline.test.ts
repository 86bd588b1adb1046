import { expect, test } from "vitest";
import { made } from "./making";
import { scaleOf } from "./scale";
import { barsOf, density, MOST_ITERATIONS, segmentsOf } from "./timeline";

test("what is in a state stands below it, branch by branch", () => {
  const both = made({ id: 1, path: "Both", type: "Parallel" });
  const inBranch = (id: number, index: number) => made({ id, path: `Both[${index}]/S${id}`, within: 1, index });
  const bars = barsOf([both, inBranch(2, 0), inBranch(3, 1), inBranch(4, 0), made({ id: 5, path: "Last" })]);

  expect(bars.map(({ visit, depth }) => [visit.id, depth])).toEqual([
    [1, 0],
    [2, 1],
    [4, 1],
    [3, 1],
    [5, 0],
  ]);
});

test("many iterations are one crowd, with all that is in them", () => {
  const map = made({ id: 1, type: "Map" });
  const each = Array.from({ length: MOST_ITERATIONS + 1 }, (_, index) =>
    made({ id: 2 + index, within: 1, index, type: index ? "Task" : "Parallel" }),
  );
  const deep = made({ id: 900, within: 2, index: 0 });

  const bars = barsOf([map, ...each, deep]);

  expect(bars).toHaveLength(1);
  expect(bars[0]?.crowd?.iterations).toBe(MOST_ITERATIONS + 1);
  expect(bars[0]?.crowd?.visits).toHaveLength(MOST_ITERATIONS + 2);
});

test("what lies around a state that was not fetched hides nothing", () => {
  expect(barsOf([made({ within: 77, index: 1 })])).toHaveLength(1);
});

const tried = (number: number, begun: number, ended: number) => ({ number, begun, ended, error: "E" });
const kinds = (visit: Parameters<typeof segmentsOf>[0], now = 100) =>
  segmentsOf(visit, now).map(({ kind, from, to }) => [kind, from, to]);

test("attempts that failed and the waits between them are distinguished from the last one", () => {
  const visit = made({ started: 0, ended: 60, outcome: "Succeeded", attempts: 2, tries: [tried(0, 0, 10)], begun: 30 });

  expect(kinds(visit)).toEqual([
    ["fails", 0, 10],
    ["waits", 10, 30],
    ["works", 30, 60],
  ]);
});

test("while a retry is waited for, that is what is seen, up to now", () => {
  expect(kinds(made({ started: 0, attempts: 2, tries: [tried(0, 0, 10)], begun: null }))).toEqual([
    ["fails", 0, 10],
    ["waits", 10, 100],
  ]);
});

test("a visit that took no time is there, too", () => {
  expect(kinds(made({ started: 5, ended: 5, outcome: "Succeeded", begun: 5 }))).toEqual([["works", 5, 5]]);
});

test("a crowd shows how many were under way at once, and where some failed", () => {
  const visits = [
    made({ started: 0, ended: 50, outcome: "Succeeded" }),
    made({ started: 20, ended: 99, outcome: "Failed" }),
  ];

  const { running, failed } = density(visits, scaleOf([], 0, 100, false), 4, 100);

  expect(running).toEqual([2, 2, 2, 1]);
  expect(failed).toEqual([0, 0, 0, 1]);
});

test("what a nested execution did follows the visit that has started it", () => {
  const of = {
    arn: "arn:aws:states:us-east-1:123456789012:execution:inner:one",
    visits: [made({ id: 1, path: "In" })],
  };

  const bars = barsOf([made({ id: 1, path: "Start" }), made({ id: 2, path: "After" })], new Map([[1, of]]));

  expect(bars.map(({ visit, depth, of }) => [visit.path, depth, of?.arn ?? null])).toEqual([
    ["Start", 0, null],
    ["In", 1, of.arn],
    ["After", 0, null],
  ]);
});
