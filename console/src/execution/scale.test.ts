import fc from "fast-check";
import { expect, test } from "vitest";
import { Scale, scaleOf, ticks } from "./scale";

test("a long time in which nothing happens is folded, and its length is known", () => {
  const scale = scaleOf([0, 100, 200, 300, 3_600_300, 3_600_400], 0, 3_600_400, true);

  const folded = scale.pieces.filter(({ isFolded }) => isFolded);
  expect(folded.map(({ from, to }) => to - from)).toEqual([3_600_000]);
  expect(scale.place(300)).toBeGreaterThan(0.6);
});

test("whoever wants times as they are long gets them so", () => {
  expect(scaleOf([0, 100, 3_600_000], 0, 3_600_000, false).place(1_800_000)).toBeCloseTo(0.5);
});

test("where all times are alike nothing is folded", () => {
  expect(scaleOf([0, 10, 20, 30], 0, 30, true).pieces).toHaveLength(1);
});

test("one time alone is not folded away", () => {
  expect(scaleOf([0, 3_600_000], 0, 3_600_000, true).pieces.map(({ isFolded }) => isFolded)).toEqual([false]);
});

test("an execution that took no time at all has a line, too", () => {
  const scale = scaleOf([5], 5, 5, true);

  expect(scale.place(5)).toBe(0);
  expect(scale.time(0)).toBe(5);
});

test("a place on the line is that of its time, whatever is folded", () => {
  const times = fc.array(fc.nat(100_000), { minLength: 2 }).map((all) => [...all].sort((one, other) => one - other));
  fc.assert(
    fc.property(times, fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), (moments, isFolding, place) => {
      const scale = scaleOf(moments, moments[0] ?? 0, moments.at(-1) ?? 0, isFolding);
      expect(scale.place(scale.time(place))).toBeCloseTo(place, 6);
      expect(scale.pieces[0]?.start).toBe(0);
      expect(scale.pieces.at(-1)?.end).toBe(1);
    }),
  );
});

test("marks of the axis are round, and few", () => {
  const scale = new Scale([{ from: 1_000, to: 13_345, start: 0, end: 1, isFolded: false }]);

  expect(ticks(scale, 1_000)).toEqual([1_000, 3_000, 5_000, 7_000, 9_000, 11_000]);
});
