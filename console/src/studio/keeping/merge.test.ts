import { expect, test } from "vitest";
import { merged } from "./merge";

const BASE = "a\nb\nc\nd\ne\nf\n";

test("what two people have changed in different places is put together", () => {
  const yours = "a\nB\nc\nd\ne\nf\n";
  const theirs = "a\nb\nc\nd\nx\ne\nf\ng\n";

  expect(merged(BASE, yours, theirs)).toEqual({ text: "a\nB\nc\nd\nx\ne\nf\ng\n", clashes: 0 });
});

test("where they meet yours stays, and it is said", () => {
  expect(merged(BASE, "a\nB\nc\nd\ne\nf\n", "a\nbb\nc\nd\ne\nF\n")).toEqual({
    text: "a\nB\nc\nd\ne\nF\n",
    clashes: 1,
  });
});

test("what both have done alike is done once", () => {
  expect(merged(BASE, "a\nb\nx\nc\nd\ne\nf\n", "a\nb\nx\nc\nd\ne\nf\n")).toEqual({
    text: "a\nb\nx\nc\nd\ne\nf\n",
    clashes: 0,
  });
});

test("what one has removed and the other has left is removed", () => {
  expect(merged(BASE, "a\nb\nc\nd\ne\nf\n", "a\nd\ne\nf\n").text).toBe("a\nd\ne\nf\n");
});

test("texts of many lines are merged, too", () => {
  const many = Array.from({ length: 5000 }, (_, index) => `line ${index}`);
  const [yours, theirs] = [[...many], [...many]];
  yours[10] = "yours";
  theirs[4000] = "theirs";
  const both = [...yours];
  both[4000] = "theirs";

  expect(merged(many.join("\n"), yours.join("\n"), theirs.join("\n"))).toEqual({ text: both.join("\n"), clashes: 0 });
});
