import { expect, test } from "vitest";
import { scaleOf } from "../execution/scale";
import { later, usualSpeed } from "./play";

const HOUR = 3_600_000;
const PATIENT = scaleOf([0, 100, 200, 300, HOUR, HOUR + 100], 0, HOUR + 100, true);

test("one goes as fast as is wanted", () => {
  expect(later(scaleOf([], 0, 10_000, true), 2_000, 500, 10)).toBe(7_000);
});

test("a long time in which nothing happens is gone through in a moment, at any speed", () => {
  expect(later(PATIENT, 300, 200, 1)).toBeCloseTo(300 + (HOUR - 300) / 2);
  expect(later(PATIENT, 300, 450, 1)).toBeCloseTo(HOUR + 50);
});

test("at the end one stays", () => {
  expect(later(PATIENT, HOUR + 90, 1_000, 1)).toBe(HOUR + 100);
});

test("what is short is shown slowly, and what is long in little time", () => {
  expect(usualSpeed(scaleOf([], 0, 200, true))).toBe(0.1);
  expect(usualSpeed(scaleOf([], 0, HOUR, true))).toBe(1_000);
  expect(usualSpeed(PATIENT)).toBe(0.1);
});
