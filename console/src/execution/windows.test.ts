import { expect, test } from "vitest";
import { made } from "./making";
import { isSettled, patched } from "./windows";

const window = (next: number | null, ...ids: number[]) => ({
  after: 0,
  visits: ids.map((id) => made({ id, outcome: "Succeeded", ended: 1 })),
  next,
});

test("a visit that has changed stands where it stood, and a new one at the end", () => {
  const before = window(null, 3, 5, 9);

  const { visits } = patched(before, [made({ id: 5, outcome: "Failed" }), made({ id: 12 })]);

  expect(visits.map(({ id }) => id)).toEqual([3, 5, 9, 12]);
  expect(visits[1]?.outcome).toBe("Failed");
  expect(visits[0]).toBe(before.visits[0]);
});

test("what belongs into another window leaves one as it is", () => {
  const before = window(9, 3, 5, 9);

  expect(patched(before, [made({ id: 12 })])).toBe(before);
});

test("attempts that were reported before are kept", () => {
  const tried = (number: number) => ({ number, begun: number, ended: number + 1, error: "E" });
  const before = { after: 0, visits: [made({ id: 3, attempts: 2, tries: [tried(0)] })], next: null };

  const { visits } = patched(before, [made({ id: 3, attempts: 3, tries: [tried(1)] })]);

  expect(visits[0]?.tries.map(({ number }) => number)).toEqual([0, 1]);
});

test("a window is settled once all in it have ended and there are others behind", () => {
  expect(isSettled(window(9, 3, 9))).toBe(true);
  expect(isSettled(window(null, 3, 9))).toBe(false);
  expect(isSettled({ after: 0, visits: [made({ id: 9 })], next: 9 })).toBe(false);
});
