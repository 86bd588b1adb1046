import { expect, test } from "vitest";
import { inside, moved, readZoom, writeZoom, zoomed } from "./zoom";

const ALL = [1_000, 2_000] as const;

test("zooming in and out again shows the same", () => {
  expect(zoomed([1_200, 1_400], 0.5)).toEqual([1_250, 1_350]);
  expect(zoomed(zoomed([1_200, 1_400], 0.5), 2)).toEqual([1_200, 1_400]);
});

test("one never looks beyond the whole", () => {
  expect(inside([900, 1_100], ALL)).toEqual([1_000, 1_200]);
  expect(inside([0, 9_000], ALL)).toEqual([1_000, 2_000]);
  expect(moved([1_700, 1_900], 2, ALL)).toEqual([1_800, 2_000]);
});

test("what is too short to be seen is made longer", () => {
  expect(inside([1_500, 1_500.2], ALL)).toEqual([1_500, 1_504]);
});

test("a link shows somebody else the same part", () => {
  expect(readZoom(writeZoom([1_250, 1_350], 1_000), 1_000)).toEqual([1_250, 1_350]);
  expect(readZoom("9-3", 1_000)).toBeUndefined();
  expect(readZoom(undefined, 1_000)).toBeUndefined();
});
