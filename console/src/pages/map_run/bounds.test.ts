import { expect, test } from "vitest";
import { changed, faultOf, typed } from "./bounds";

const BOUNDS = { maxConcurrency: 40, toleratedFailureCount: 0, toleratedFailurePercentage: 2.5 };

test.each([
  ["maxConcurrency", "0", true],
  ["maxConcurrency", "", false],
  ["maxConcurrency", "-1", false],
  ["maxConcurrency", "1.5", false],
  ["toleratedFailureCount", "1e3", true],
  ["toleratedFailurePercentage", "2.5", true],
  ["toleratedFailurePercentage", "101", false],
  ["toleratedFailurePercentage", "some", false],
] as const)("as %s, %s is taken: %s", (field, text, isTaken) => {
  expect(faultOf(field, text) === null).toBe(isTaken);
});

test("only what was changed is sent", () => {
  expect(changed(BOUNDS, typed(BOUNDS))).toEqual({});
  expect(changed(BOUNDS, { ...typed(BOUNDS), maxConcurrency: "10" })).toEqual({ maxConcurrency: 10 });
});
