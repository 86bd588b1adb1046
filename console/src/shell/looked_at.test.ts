// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { look, lookedAt, seenAs } from "./looked_at";

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

test("what was looked at is known, and the oldest is forgotten where there is much", () => {
  for (let number = 0; number < 510; number += 1) look(`arn-${number}`);
  look("arn-20");

  const known = [...lookedAt()];

  expect(known).toHaveLength(500);
  expect(known[0]).toBe("arn-10");
  expect(known.at(-1)).toBe("arn-20");
});

test("one that was redriven is another one to look at", () => {
  expect(seenAs({ arn: "a" })).not.toBe(seenAs({ arn: "a", redrives: 1 }));
});

test.each(["x", "{}", "[1, null]"])("what others have written there (%s) breaks nothing", (kept) => {
  localStorage.setItem("stepwright.looked", kept);

  expect(lookedAt().size).toBe(0);
});

test("a browser that keeps nothing breaks nothing", () => {
  const refuse = () => {
    throw new DOMException("denied", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });

  look("arn");

  expect(lookedAt().size).toBe(0);
});
