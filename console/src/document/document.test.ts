import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { graphOf } from "../graph/of_definition";
import { Document, open } from "./document";
import { parsed, revived } from "./parsed";
import { NumberText } from "./value";

const MANIFEST = `apiVersion: stepwright.dev/v1
kind: StateMachine
metadata: {name: hello}
spec:
  definition:
    StartAt: A
    States:
      A: {Type: Pass, End: true}
`;

describe("a text is read with the place of each part", () => {
  test.each([
    ["YAML", MANIFEST],
    [
      "JSON",
      JSON.stringify(
        JSON.parse(
          '{"apiVersion":"stepwright.dev/v1","kind":"StateMachine","spec":{"definition":{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}}}',
        ),
        null,
        2,
      ),
    ],
  ])("%s: a manifest's definition, from pointer to place and back", (_, text) => {
    const document = open(text);
    expect(document.wrapper).toBe("manifest");
    const range = document.rangeOf("/States/A");

    expect(text.slice(range?.from)).toMatch(/^"?A"?: \{/);
    expect(document.pointerAt((range?.from ?? 0) + 1)).toBe("/States/A");
    expect(document.pointerAt(0)).toBeNull();
    expect(document.rangeOf("/States/B")).toBeNull();
    expect(graphOf(document.definition).nodes.map(({ id }) => id)).toEqual(["#start", "/States/A", "#end"]);
  });

  test("a definition by itself, also with a mark in front of it", () => {
    const document = open('\ufeff{"StartAt": "A", "States": {}}');
    expect([document.wrapper, document.format, document.problems]).toEqual(["definition", "json", []]);
    expect(document.at("/StartAt")).toBe("A");
  });

  test("the order of names is that of the text, also where they are numbers", () => {
    for (const text of ['{"10": 1, "9": 2}', "10: 1\n9: 2\n"]) {
      expect([...(open(text).value as Map<string, unknown>).keys()]).toEqual(["10", "9"]);
    }
  });

  test("words are what the server takes them for", () => {
    const text = "[yes, 1.0, 0123, 1e400, ~, null, True, 2024-01-02, .5, +1, 0x10, -0, '1']";
    const found = (open(`a: ${text}`).at("/a") as unknown[]).map((each) =>
      each instanceof NumberText ? { number: each.text } : each,
    );

    const number = (written: string) => ({ number: written });
    const [one, huge, zero] = [number("1.0"), number("1e400"), number("-0")];
    expect(found).toEqual(["yes", one, "0123", huge, null, null, true, "2024-01-02", ".5", "+1", "0x10", zero, "1"]);
  });
});

describe("what is wrong is said with its line, and the rest is read", () => {
  test.each([
    ['{"StartAt": "A",\n "States": {"A": {"Type": "Pass", }}}', 2, "field"],
    ['{"StartAt": "A"\n "States": {}}', 2, "comma"],
    ['{\n // why\n "StartAt": "A"}', 2, "no comments"],
    ["StartAt: A\nStates:\n\tA: 1\n", 3, "spaces, not with tabs"],
    ["StartAt: A\nB: *none\n", 2, "no anchor &none"],
    ["A: !Sub x\n", 1, "tag !Sub is not known"],
    ["a: 1\n---\nb: 2\n", 2, "second document"],
  ])("%j", (text, line, said) => {
    const { problems } = open(text);
    expect(problems.map((problem) => `${problem.line}: ${problem.message}`).join("\n")).toMatch(
      new RegExp(`${line}: .*${said.replace("*", "\\*")}`),
    );
  });

  test("half a text still has its states", () => {
    const document = open('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": ');
    expect(document.isReadable).toBe(false);
    expect(graphOf(document.definition).nodes.map(({ name }) => name)).toContain("A");
  });

  test("a name that stands twice is a warning, and the last one counts", () => {
    const document = open('{"a": 1, "a": 2}');
    expect(document.problems.map(({ severity, message }) => [severity, message])).toEqual([
      ["warning", '"a" stands here twice'],
    ]);
    expect(document.isReadable).toBe(true);
    expect(document.at("/a")).toEqual(new NumberText("2"));
  });

  test("a definition that is kept as a text says so", () => {
    const { problems } = open("apiVersion: stepwright.dev/v1\nkind: StateMachine\nspec:\n  definition: |\n    {}\n");
    expect(problems[0]?.line).toBe(4);
    expect(problems[0]?.message).toMatch(/is a text/);
  });

  test("aliases of aliases are refused before they fill the memory", () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 12; level += 1) {
      bomb.push(`a${level}: &a${level} [${new Array(10).fill(`*a${level - 1}`).join(", ")}]`);
    }
    expect(open(bomb.join("\n")).problems.map(({ message }) => message)).toContain(
      "aliases make the document too large",
    );
  });

  test.each(["[", '{"a":', "- "])("a text of 100,000 times %j is refused, too", (piece) => {
    expect(open(piece.repeat(100_000)).isReadable).toBe(false);
  });
});

test("no text is a reason to fail", () => {
  const words = [
    "{",
    "}",
    "[",
    "]",
    '"a"',
    ":",
    ",",
    "\n",
    "  ",
    "- ",
    "a: ",
    "# c",
    "&x ",
    "*x",
    "<<: ",
    "|",
    ">",
    "'",
    "\\",
    "\u0000",
    "?",
  ];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 30 }),
      (parts) => {
        for (const format of ["json", "yaml"] as const) {
          const document = open(parts.join(""), format);
          graphOf(document.definition);
          for (let at = 0; at <= document.text.length; at += 3) document.pointerAt(at);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("what a worker has read is the same document, to each number", () => {
  const text = "a: 1.0\nb: [1e400, {c: x}]\nd: &anchor {e: 2}\nf: *anchor\n";
  const sent = structuredClone(parsed(text, "yaml"));
  const here = new Document(text, "yaml", revived(sent));

  expect(here.value).toEqual(open(text).value);
  expect(here.rangeOf("/b/1/c")).toEqual(open(text).rangeOf("/b/1/c"));
});

test("a dash that is nowhere above is not looked for without end", () => {
  expect(open("\n}- }*x", "yaml").isReadable).toBe(false);
});
