import fc from "fast-check";
import { expect, test } from "vitest";
import { compared, partner } from "./comparison";
import { made } from "./making";
import type { Visit } from "./visits";

const visit = (id: number, path: string, from: number, edge: string, more: Partial<Visit> = {}): Visit =>
  made({ id, path, ended: 10, outcome: "Succeeded", cameFrom: { visit: from, edge }, ...more });

const SMALL = [visit(2, "Check", 0, "StartAt"), visit(4, "IsLarge", 2, "Next"), visit(6, "Ship", 4, "Default")];
const LARGE = [
  visit(2, "Check", 0, "StartAt"),
  visit(4, "IsLarge", 2, "Next"),
  visit(6, "Ask", 4, "Choices/0/Next", { ended: 30 }),
  visit(9, "Ship", 6, "Next"),
];

test("where two executions part is named by the state, and by the ways that they took", () => {
  const { first } = compared(SMALL, LARGE);

  expect(first).toMatchObject({
    path: "IsLarge",
    how: "way",
    ways: { here: ["Default"], there: ["Choices/0/Next"] },
  });
});

test("each state is marked as in one of them, in both, or in both but not alike", () => {
  const { states } = compared(SMALL, LARGE);

  expect([...states].map(([pointer, { how }]) => [pointer, how])).toEqual([
    ["/States/Check", "same"],
    ["/States/IsLarge", "differs"],
    ["/States/Ship", "same"],
    ["/States/Ask", "onlyThere"],
  ]);
  expect(states.get("/States/Ask")?.there).toEqual({ visits: 1, failed: 0, millis: 30 });
});

test("a state that ended otherwise is the difference, not what came of it", () => {
  const failed = [SMALL[0] as Visit, visit(4, "IsLarge", 2, "Next", { outcome: "Failed", error: "States.Runtime" })];

  expect(compared(SMALL, failed).first).toMatchObject({ path: "IsLarge", how: "outcome" });
});

test("one more round of a loop is a difference", () => {
  const once = [visit(1, "Try", 0, "StartAt"), visit(2, "Done", 1, "Next")];
  const twice = [visit(1, "Try", 0, "StartAt"), visit(2, "Try", 1, "Choices/0/Next"), visit(3, "Done", 2, "Next")];

  expect(compared(once, twice).first).toMatchObject({ path: "Try", how: "way", there: { id: 1 } });
});

test("a visit's partner is the one of the same path and the same round", () => {
  const twice = [visit(1, "Try", 0, "StartAt"), visit(2, "Try", 1, "Next"), visit(3, "Try", 2, "Next")];

  expect(partner(twice, twice[1] as Visit, twice)?.id).toBe(2);
  expect(partner(twice, twice[2] as Visit, twice.slice(0, 2))).toBeNull();
});

test("branches side by side may come in any order", () => {
  const one = [visit(1, "Both", 0, "StartAt"), visit(2, "A", 1, "x"), visit(3, "B", 1, "y")];
  const other = [visit(1, "Both", 0, "StartAt"), visit(2, "B", 1, "y"), visit(3, "A", 1, "x")];

  expect(compared(one, other)).toMatchObject({ first: null, differences: 0 });
});

test("an execution is like itself, whatever it did, and what differs differs both ways", () => {
  const any = fc
    .array(
      fc.tuple(
        fc.constantFrom("A", "B", "C"),
        fc.nat(5),
        fc.constantFrom("Next", "Default"),
        fc.constantFrom("Succeeded" as const, "Failed" as const),
      ),
    )
    .map((all) => all.map(([path, from, edge, outcome], index) => visit(index + 1, path, from, edge, { outcome })));
  fc.assert(
    fc.property(any, any, (one, other) => {
      expect(compared(one, one).first).toBeNull();
      expect(compared(one, other).first === null).toBe(compared(other, one).first === null);
    }),
  );
});
