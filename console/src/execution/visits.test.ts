import { expect, test } from "vitest";
import { count, type Outcome, retries, standing, taken, tallies, total, type Visit } from "./visits";

let next = 0;
const visit = (state: string, outcome: Outcome | null, more: Partial<Visit> = {}): Visit => ({
  id: ++next,
  path: state,
  pointer: `/States/${state}`,
  state,
  type: "Task",
  started: 0,
  ended: outcome === null ? null : 1,
  outcome,
  attempts: 1,
  error: null,
  cameFrom: null,
  ...more,
});

test("a state under way is shown as running, whatever became of it before", () => {
  const found = tallies([visit("A", "Failed"), visit("A", "Succeeded"), visit("A", null)]);

  expect(standing(found.get("/States/A"))).toBe("Running");
});

test("one failure among many successes is what is shown", () => {
  const found = tallies([visit("A", "Succeeded"), visit("A", "Failed"), visit("A", "Succeeded")]);

  expect(standing(found.get("/States/A"))).toBe("Failed");
  expect(total(found.get("/States/A"))).toBe(3);
  expect(count(found.get("/States/A"), "Succeeded")).toBe(2);
});

test("attempts beyond the first are retries", () => {
  const found = tallies([visit("A", "Succeeded", { attempts: 3 }), visit("A", "Succeeded")]);

  expect(retries(found.get("/States/A"))).toBe(2);
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
