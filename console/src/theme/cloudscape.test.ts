import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(join(import.meta.dirname, path), "utf8");
const named = (text: string, pattern: RegExp) =>
  [...new Set(Array.from(text.matchAll(pattern), ([, name]) => name))].sort();

const theirs = read("../../node_modules/@cloudscape-design/components/internal/base-theme/styles.scoped.css");
const set = named(read("cloudscape.css"), /(--[\w-]+):/g);

test("what is ours of Cloudscape's colours and measures is called as it is now", () => {
  const known = new Set(named(theirs, /(--[\w-]+):/g));

  expect(set.filter((name) => !known.has(name))).toEqual([]);
});

test("every shade of Cloudscape's primary colour that it uses is one of ours", () => {
  const used = named(theirs, /var\((--color-primary-[\w-]+)\)/g);

  expect(used).not.toEqual([]);
  expect(set.filter((name) => name?.startsWith("--color-primary-"))).toEqual(used);
});
