import { expect, test } from "vitest";
import { locked, refused } from "./licences";

const root = `${import.meta.dirname}/..`;

test("every package has a licence that may be used", () => {
  const packages = locked(root);

  expect(packages.length).toBeGreaterThan(100);
  expect(refused(packages)).toEqual([]);
});

test("a licence that is not on the list is refused by name", () => {
  const found = refused([
    { name: "left", version: "1.0.0", licence: "AGPL-3.0", tool: false, folder: "node_modules/left" },
  ]);

  expect(found).toEqual(["left 1.0.0 has the licence AGPL-3.0, which build/licences.ts does not allow"]);
});

test("the lock names no registry: whoever installs has one of their own", async () => {
  const { readFileSync } = await import("node:fs");

  expect(readFileSync(`${root}/package-lock.json`, "utf8")).not.toMatch(/"resolved"/);
});
