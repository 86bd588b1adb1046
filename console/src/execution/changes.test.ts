import fc from "fast-check";
import { expect, test } from "vitest";
import { changes } from "./changes";

const of = (before: string, after: string) => changes(before, after, 100)?.found;

test("what a state added, took away and changed is named by its path", () => {
  expect(of('{"a":1,"b":{"c":2},"d":3}', '{"a":1,"b":{"c":5},"e":[4]}')).toEqual([
    { path: "$.d", how: "removed", before: "3", after: null },
    { path: "$.e", how: "added", before: null, after: "[4]" },
    { path: "$.b.c", how: "changed", before: "2", after: "5" },
  ]);
});

test("items are compared by their place", () => {
  expect(of("[1,2]", "[1,3,4]")).toEqual([
    { path: "$[2]", how: "added", before: null, after: "4" },
    { path: "$[1]", how: "changed", before: "2", after: "3" },
  ]);
});

test("1 and 1.0 differ, as they were written so", () => {
  expect(of("1", "1.0")).toEqual([{ path: "$", how: "changed", before: "1", after: "1.0" }]);
});

test("names that are no words are quoted", () => {
  expect(of("{}", '{"a b":1}')?.[0]?.path).toBe("$['a b']");
});

test("text that is no JSON has no changes", () => {
  expect(changes("{", "{}", 9)).toBeNull();
});

test("of very many changes the first are shown, and how many there are", () => {
  const many = JSON.stringify(Array.from({ length: 500 }, (_, index) => index));

  expect(changes("[]", many, 10)).toMatchObject({ all: 500, found: { length: 10 } });
});

test("what is equal has no change", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(changes(text, text, 9)).toEqual({ found: [], all: 0 });
    }),
  );
});
