import { describe, expect, test } from "vitest";
import { open } from "../../document";
import { readable, written } from "./home";

const YAML = "# Kept\nStartAt: A\nStates:\n  A: {Type: Succeed}\n";

describe("what is saved", () => {
  test("is the text to the letter where it is kept in its own format", () => {
    expect(written(open(YAML), YAML, "yaml")).toBe(YAML);
  });

  test("is JSON where nothing else is kept", () => {
    expect(JSON.parse(written(open(YAML), YAML, "json"))).toEqual({ StartAt: "A", States: { A: { Type: "Succeed" } } });
  });
});

describe("what is opened", () => {
  test("in one line is laid out, with every number as it was", () => {
    const line = '{"StartAt":"A","States":{"A":{"Type":"Pass","Result":1.0,"End":true}}}';
    const text = readable(line);

    expect(text.split("\n").length).toBeGreaterThan(5);
    expect(text).toContain('"Result": 1.0');
    expect(JSON.parse(text)).toEqual(JSON.parse(line));
  });

  test("in several lines, or in YAML, stays as it is", () => {
    const text = '{\n "StartAt":   "A"}';
    expect(readable(text)).toBe(text);
    expect(readable("StartAt: A")).toBe("StartAt: A");
  });

  test("that cannot be read stays as it is", () => {
    expect(readable('{"StartAt": ')).toBe('{"StartAt": ');
  });
});
