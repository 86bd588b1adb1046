import { expect, test, vi } from "vitest";
import { Inputs } from "./inputs";

function store() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
  };
}

test("inputs are kept by machine, under names", () => {
  const browser = store();
  const first = new Inputs(() => browser);
  first.save("m", "large", '{"total": 8400}');
  first.save("m", "large", '{"total": 1}');
  first.tried("m", "/States/A", "{}");
  const later = new Inputs(() => browser);

  expect(later.saved("m")).toEqual([{ name: "large", text: '{"total": 1}' }]);
  expect(later.last("m", "/States/A")).toBe("{}");
  expect(later.last("m", "/States/B")).toBeNull();
  expect(later.saved(null)).toEqual([]);
  later.forget("m", "large");
  expect(later.saved("m")).toEqual([]);
});

test("a browser that keeps nothing, or something else, is no reason to fail", () => {
  const full = {
    getItem: () => '{"saved": [1], "last": {"/a": 2}}',
    setItem: vi.fn(() => {
      throw new Error("full");
    }),
  };
  const inputs = new Inputs(() => full);
  inputs.save("m", "a", "1");

  expect(inputs.saved("m")).toEqual([{ name: "a", text: "1" }]);
  expect(new Inputs(() => null).last("m", "/a")).toBeNull();
  expect(new Inputs(() => ({ ...full, getItem: () => "[" })).saved("m")).toEqual([]);
});
