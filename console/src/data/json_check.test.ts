import { expect, test } from "vitest";
import { bytesOf, jsonProblem } from "./json_check";

test.each(["{}", "[]", '"x"', "12", "null", ' {"a": [1.0, 1e400]}\n'])("%s is JSON", (text) => {
  expect(jsonProblem(text)).toBeNull();
});

test("what is wrong is said with its place", () => {
  expect(jsonProblem('{\n  "a": 1\n  "b": 2\n}')).toMatchObject({
    line: 3,
    column: 3,
    message: "a comma is expected before this",
  });
});

test.each(["", "  ", "{a: 1}", "[1,]", '{"a": 1} x', "// no\n{}"])("%s is not JSON", (text) => {
  expect(jsonProblem(text)).not.toBeNull();
});

test("a text nested deeper than the server takes is refused, and not read", () => {
  expect(jsonProblem("[".repeat(100_000))?.message).toContain("nested deeper");
});

test("bytes are those of UTF-8", () => {
  expect(bytesOf("aé€")).toBe(6);
});
