import fc from "fast-check";
import { expect, test } from "vitest";
import { indented, lines } from "./json_text";

test("JSON is indented by what holds what", () => {
  expect(indented('{"a":[1,{"b":null}],"c":"x"}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": "x"\n}',
  );
});

test("numbers stay as they were written", () => {
  expect(indented("[1.0,1e400,9223372036854775808]")).toBe("[\n  1.0,\n  1e400,\n  9223372036854775808\n]");
});

test("what holds nothing stays on its line", () => {
  expect(indented('{"a":{},"b":[]}')).toBe('{\n  "a": {},\n  "b": []\n}');
});

test("keys and texts can be told apart", () => {
  const kinds = lines('{"a":"b"}').flatMap((line) => line.pieces.map((piece) => piece.kind));

  expect(kinds).toEqual(["mark", "key", "mark", "text", "mark"]);
});

test("text that is no JSON, or was cut, is shown as it is", () => {
  expect(indented("no JSON\nat all")).toBe("no JSON\nat all");
  expect(indented('{"a": "cut')).toBe('{"a": "cut');
});

test("whatever the value, its meaning and its order stay", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.stringify(JSON.parse(indented(text)))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("any text at all has a picture", () => {
  fc.assert(fc.property(fc.string(), (text) => void lines(text)));
});
