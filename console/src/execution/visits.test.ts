import { expect, test } from "vitest";
import { count, type Outcome, retries, standing, taken, total, type Visit } from "./visits";

let next = 0;
const visit = (state: string, outcome: Outcome | null, more: Partial<Visit> = {}): Visit => ({
  id: ++next,
  path: state,
  pointer: `/States/${state}`,
  type: "Task",
  started: 0,
  ended: outcome === null ? null : 1,
  outcome,
  attempts: 1,
  error: null,
  cameFrom: null,
  within: null,
  index: null,
  begun: 0,
  tries: [],
  ...more,
});

test("a state under way is shown as running, whatever became of it before", () => {
  expect(standing({ Failed: { count: 1 }, Succeeded: { count: 3 }, Running: { count: 1 } })).toBe("Running");
});

test("one failure among many successes is what is shown", () => {
  const tally = { Succeeded: { count: 2_000, retries: 3 }, Failed: { count: 1, retries: 2 } };

  expect(standing(tally)).toBe("Failed");
  expect(total(tally)).toBe(2_001);
  expect(count(tally, "Succeeded")).toBe(2_000);
  expect(retries(tally)).toBe(5);
});

test("a state that was not visited stands in no way", () => {
  expect(standing(undefined)).toBeNull();
});

test("of two ways to one state only the one that was gone is taken", () => {
  const choice = visit("Choose", "Succeeded", { type: "Choice", cameFrom: { visit: 0, edge: "StartAt" } });
  const found = taken([choice, visit("Ship", null, { cameFrom: { visit: choice.id, edge: "Choices/1/Next" } })]);

  expect(found).toContain("/States/Choose/Choices/1/Next");
  expect(found).not.toContain("/States/Choose/Default");
  expect(found).toContain("/StartAt");
});

test("where a visit came from nobody knows any more, no way is taken", () => {
  expect(taken([visit("A", null)])).toEqual(new Set());
});
