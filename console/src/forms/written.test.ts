import fc from "fast-check";
import { expect, test } from "vitest";
import { equal } from "../document/content";
import type { Written } from "../document/tree";
import { NumberText, type Value } from "../document/value";
import { json, ofJson, shown, typed } from "./written";

const words = fc.constantFrom(
  "",
  "1",
  "true",
  "null",
  "$.a",
  "{% $x %}",
  '"quoted"',
  "[",
  "{a",
  "-",
  " 1",
  "a b",
  "1e400",
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(words, fc.string()),
    fc.constantFrom<Value>(null, true, new NumberText("1.0"), new NumberText("1e400")),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((all) => new Map(all)),
  ),
}));

test("whatever is shown means the same when it is typed", () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(equal(typed(shown(each)) as Written, each as Written)).toBe(true);
      expect(equal(ofJson(json(each)).value as Written, each as Written)).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

test("a text stands without quotes, unless it would be something else", () => {
  expect(shown("by air")).toBe("by air");
  expect(shown("12")).toBe('"12"');
  expect(shown(new NumberText("12.50"))).toBe("12.50");
  expect(typed("$.order.total")).toBe("$.order.total");
  expect(typed("{% $states.input %}")).toBe("{% $states.input %}");
});
