import { expect, test } from "vitest";
import { duration, size } from "./time";

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [1_234, "1.23 s"],
  [12_340, "12.3 s"],
  [60_000, "1 min"],
  [119_700, "2 min"],
  [3_725_000, "1 h 2 min"],
  [90_000_000, "1 d 1 h"],
  [-5, "0 ms"],
])("a duration of %d ms reads %s", (millis, text) => {
  expect(duration(millis)).toBe(text);
});

test.each([
  [12, "12 bytes"],
  [2_048, "2.0 KiB"],
  [262_144, "256 KiB"],
  [5_242_880, "5.0 MiB"],
])("%d bytes read %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
