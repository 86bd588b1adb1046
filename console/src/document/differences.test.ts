import fc from "fast-check";
import { expect, test } from "vitest";
import { equal } from "./content";
import { differences } from "./differences";
import { changed } from "./edit";
import type { Written } from "./tree";
import { NumberText, type Value } from "./value";

const name = fc.constantFrom("a", "b", "c", "d/e", "10");
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Value>(null, true, "x", "y", new NumberText("1"), new NumberText("1.0")),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(name, tie("value")), { selector: ([key]) => key, maxLength: 4 }).map((all) => new Map(all)),
  ),
}));

test("the edits between two values make one of the other", () => {
  let small = 0;
  fc.assert(
    fc.property(value, value, (before, after) => {
      const whole = new Map([["all", before]]);
      const edits = differences(before, after, "/all");
      small += edits.some(({ at }) => at !== "/all") ? 1 : 0;
      expect(equal(changed(whole as Written, edits), new Map([["all", after]]) as Written)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(small).toBeGreaterThan(300);
});

test("what is equal needs no edit", () => {
  fc.assert(
    fc.property(value, (same) => {
      expect(differences(same, same, "/all")).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("a name that changes alone is renamed, and an item that goes is removed alone", () => {
  const members = (...names: string[]): Value => new Map(names.map((each) => [each, each]));

  expect(
    differences(
      members("a", "b"),
      new Map([
        ["a", "a"],
        ["c", "b"],
      ]),
      "",
    ),
  ).toEqual([{ do: "rename", at: "/b", to: "c" }]);
  expect(differences(["a", "b", "c"], ["a", "c"], "/list")).toEqual([{ do: "remove", at: "/list/1" }]);
});
