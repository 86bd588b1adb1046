import { expect, test } from "vitest";
import type { Metrics } from "../api/generated/console";
import { columnsOf, counted, failureRate, marksOf, roundUp, roundUpTime, started } from "./figures";

const HOUR = 3_600_000;
const AT = new Date(2026, 0, 5, 9, 0).getTime();

const metrics = (more: Partial<Metrics>): Metrics => ({
  span: "day",
  since: AT,
  step: HOUR,
  count: 3,
  total: { statuses: {} },
  parts: [],
  machines: [],
  errors: [],
  failed: [],
  longest: [],
  ...more,
});

test("the share of failures is of those that ended by themselves", () => {
  const figures = { statuses: { SUCCEEDED: 6, FAILED: 1, TIMED_OUT: 1, ABORTED: 5, RUNNING: 7 } };

  expect(failureRate(figures)).toBe(0.25);
  expect(started(figures)).toBe(20);
  expect(counted(figures, "failed")).toBe(2);
  expect(failureRate({ statuses: { RUNNING: 3, ABORTED: 1 } })).toBeNull();
});

test("a part of the time in which nothing was started is there all the same", () => {
  const columns = columnsOf(metrics({ parts: [{ begin: AT + HOUR, figures: { statuses: { FAILED: 2 } } }] }));

  expect(columns.map(({ figures }) => started(figures))).toEqual([0, 2, 0]);
  expect(columns[2]).toMatchObject({ begin: AT + 2 * HOUR, end: AT + 3 * HOUR });
});

test("marks stand where a quarter of the day begins here", () => {
  const columns = columnsOf(metrics({ step: HOUR / 2, count: 48 }));

  expect(marksOf(columns, "day").map(({ at }) => new Date(at).getHours())).toEqual([12, 18, 0, 6]);
});

test("of a week, days are marked wherever its parts begin", () => {
  const columns = columnsOf(metrics({ since: AT + HOUR, step: 3 * HOUR, count: 56 }));

  expect(marksOf(columns, "week")).toHaveLength(7);
});

test.each([
  [0, 1],
  [1, 1],
  [3, 3],
  [7, 8],
  [50, 50],
  [51, 60],
  [1_234, 2_000],
  [8_001, 10_000],
])("the scale for %d ends at %d", (most, top) => {
  expect(roundUp(most)).toBe(top);
});

test.each([
  [0, 1],
  [420, 500],
  [1_001, 2_000],
  [45_000, 60_000],
  [41 * 60_000, HOUR],
  [HOUR + 1, 2 * HOUR],
  [41 * HOUR, 2 * 24 * HOUR],
])("the scale for %d milliseconds ends at %d", (most, top) => {
  expect(roundUpTime(most)).toBe(top);
});
