import { expect, test } from "vitest";
import { fileNameOf } from "./save";

test.each([
  ["order-7", "order-7.history.json"],
  ["../../etc/passwd", "_.._etc_passwd.history.json"],
  [".hidden", "hidden.history.json"],
  ['<a href="x">\n', "_a_href_x_.history.json"],
  ["..", "execution.history.json"],
  ["x".repeat(300), `${"x".repeat(100)}.history.json`],
])("the history of %j goes into a file of a harmless name", (name, file) => {
  expect(fileNameOf(name, "history.json")).toBe(file);
});
