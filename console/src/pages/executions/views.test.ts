import { expect, test } from "vitest";
import { readExecutionsSearch } from "./search";
import { isSame, MOST_VIEWS, readViews, withView } from "./views";

const failed = { name: "Failed payments", search: { status: "FAILED", label: ["team=shop"] } };

test("a kept view is read as it was", () => {
  expect(readViews(JSON.stringify([failed]))).toEqual([failed]);
});

test.each([
  ["nothing", null],
  ["no JSON", "{"],
  ["no list", '{"name": "a"}'],
  ["things that are no views", '[1, null, {"name": ""}, {"name": "a"}, {"name": "b", "search": 3}]'],
])("of %s there are no views", (_, text) => {
  expect(readViews(text)).toEqual([]);
});

test("what a view must not say is left out of it", () => {
  const written = [{ name: "a", search: { status: 3, last: "year", label: ["x", "a=b"], other: 1 } }];

  expect(readViews(JSON.stringify(written))).toEqual([{ name: "a", search: { label: ["a=b"] } }]);
});

test("a view takes the place of one with the same name, and the oldest go when there are too many", () => {
  const other = { name: "a", search: { status: "RUNNING" } };

  expect(withView([other, failed], { ...other, search: {} })).toEqual([failed, { name: "a", search: {} }]);
  const many = Array.from({ length: MOST_VIEWS }, (_, index) => ({ name: `${index}`, search: {} }));
  expect(withView(many, failed).map(({ name }) => name)).toEqual([
    ...many.slice(1).map(({ name }) => name),
    failed.name,
  ]);
});

test("views are the same whatever the order of what they say", () => {
  expect(isSame({ status: "FAILED", last: "day" }, { last: "day", status: "FAILED" })).toBe(true);
  expect(isSame({ status: "FAILED" }, { status: "FAILED", label: ["a=b"] })).toBe(false);
});

test("an address has one label or several, and no more than the server takes", () => {
  expect(readExecutionsSearch({ label: "a=b" })).toEqual({ label: ["a=b"] });
  expect(readExecutionsSearch({ label: ["a=b", 3, "c"] })).toEqual({ label: ["a=b"] });
  expect(readExecutionsSearch({ label: Array.from({ length: 20 }, (_, i) => `k=${i}`) }).label).toHaveLength(8);
});
