import fc from "fast-check";
import { expect, test } from "vitest";
import { pieces } from "./ansi";

const text = (line: string) =>
  pieces(line)
    .map((piece) => piece.text)
    .join("");

test("colours become names", () => {
  expect(pieces("\x1b[31mred\x1b[0m plain \x1b[1;92mgreen\x1b[39m bold\x1b[22m not")).toEqual([
    { text: "red", classes: "red" },
    { text: " plain ", classes: "" },
    { text: "green", classes: "green bold" },
    { text: " bold", classes: "bold" },
    { text: " not", classes: "" },
  ]);
});

test("of the many colours those with names are shown, and what follows is read on", () => {
  expect(
    pieces("\x1b[38;5;4mblue\x1b[38;5;200mx\x1b[38;2;1;2;3;4my\x1b[48;5;1;1mz").map(({ classes }) => classes),
  ).toEqual(["blue", "", "underlined", "underlined bold"]);
});

test.each([
  ["\x1b]8;;http://evil.example\x07click\x1b]8;;\x07", "click"],
  ["\x1b[2J\x1b[1;1Hclean", "clean"],
  ["10 %\r50 %\r100 %\r", "100 %"],
  ["a\x00b\x07c\x7f", "a␀b␇c␡"],
  ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ["a\tb", "a\tb"],
  ["\x1b", ""],
  ["\x1b[31", "31"],
])("of %j is seen %j", (line, seen) => {
  expect(text(line)).toBe(seen);
});

test("whatever a program writes, no character of it controls anything", () => {
  const line = fc
    .array(fc.constantFrom("\x1b", "[", "]", "3", "1", ";", "m", "\x07", "\\", "\r", "x", "\x9b"))
    .map((all) => all.join(""));
  fc.assert(
    fc.property(line, (written) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
      expect(text(written)).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/);
    }),
  );
});
