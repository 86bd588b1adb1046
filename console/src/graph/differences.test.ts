import { expect, test } from "vitest";
import { differencesOf } from "./differences";

const PASS = { Type: "Pass", End: true };
const machine = (states: object) => ({ StartAt: "A", States: states });

test("a state is another if a field of its own is, whatever order they stand in", () => {
  const here = machine({ A: { Type: "Pass", Comment: "1", Next: "B" }, B: { Next: "C", Type: "Pass" }, C: PASS });
  const there = machine({ A: { Type: "Pass", Comment: "2", Next: "B" }, B: { Type: "Pass", Next: "C" }, C: PASS });

  expect(differencesOf(here, there)).toEqual({ states: new Map([["/States/A", "differs"]]), onlyThere: [] });
});

test("of a state that holds others these differ by themselves", () => {
  const holding = (inner: object, more: object = {}) =>
    machine({ A: { Type: "Parallel", Branches: [{ StartAt: "In", States: { In: inner } }], End: true, ...more } });

  const { states } = differencesOf(holding(PASS), holding({ ...PASS, Comment: "new" }));
  expect([...states.keys()]).toEqual(["/States/A/Branches/0/States/In"]);
  expect([...differencesOf(holding(PASS), holding(PASS, { ResultPath: "$.x" })).states.keys()]).toEqual(["/States/A"]);
});

test("what is in one of them alone is said of either", () => {
  expect(differencesOf(machine({ A: PASS, New: PASS }), machine({ A: PASS, Old: PASS }))).toEqual({
    states: new Map([["/States/New", "onlyHere"]]),
    onlyThere: ["Old"],
  });
});

test.each([null, 1, "text", [], { States: 3 }, { States: { A: null } }])("%j has differences to anything", (value) => {
  expect(() => differencesOf(value, machine({ A: PASS }))).not.toThrow();
  expect(() => differencesOf(machine({ A: PASS }), value)).not.toThrow();
});
