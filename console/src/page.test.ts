import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const HERE = import.meta.dirname;

test("what the page itself styles before anything is fetched has names that nothing else has", () => {
  const page = readFileSync(join(HERE, "../index.html"), "utf8");
  const names = [...page.matchAll(/class="([^"]+)"/g)].flatMap(([, given = ""]) => given.split(" "));
  expect(names).toContain("before-bar");
  for (const file of readdirSync(HERE, { recursive: true, encoding: "utf8" })) {
    if (!/(?<!page\.test)\.(css|tsx?)$/.test(file)) continue;
    const words = new Set(readFileSync(join(HERE, file), "utf8").match(/[\w-]+/g));
    expect(names.filter((name) => words.has(name))).toEqual([]);
  }
});
