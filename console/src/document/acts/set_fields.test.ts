import { describe, expect, test } from "vitest";
import { open } from "../document";
import { NumberText } from "../value";
import { moveItem, setFields } from "./set_fields";

const TEXT = `StartAt: Ship
States:
  Ship:
    Type: Task # the work
    Resource: acme:deliver
    # not for long
    TimeoutSeconds: 1.0e1
    Retry:
      # those of the carrier
      - ErrorEquals: [Carrier.Busy]
        MaxAttempts: 3
      # all others
      - ErrorEquals: [States.ALL]
    Next: Done
  Done:
    Type: Succeed
`;
const SHIP = "/States/Ship";
const ORDER = () => [
  "Type",
  "Comment",
  "Resource",
  "Parameters",
  "TimeoutSeconds",
  "TimeoutSecondsPath",
  "Retry",
  "Next",
];
const set = (at: string, value: Parameters<typeof setFields>[2][number]["value"], text = TEXT) =>
  setFields(open(text), "Set", [{ at: SHIP + at, value }], { order: ORDER }).document.text;
const changes = (after: string): string[] => {
  const before = new Set(TEXT.split("\n"));
  return after.split("\n").filter((line) => !before.has(line));
};

describe("a field gets a value", () => {
  test("and only its letters change", () => {
    expect(set("/TimeoutSeconds", new NumberText("60"))).toBe(TEXT.replace("1.0e1", "60"));
  });

  test("and a new one stands where fields of its kind stand", () => {
    const lines = set("/Comment", "by air").split("\n");

    expect(lines[lines.indexOf("    Comment: by air") - 1]).toBe("    Type: Task # the work");
  });

  test("and what it is in comes with it", () => {
    const done = set("/Parameters/box/size", new NumberText("2"));

    expect(changes(done)).toEqual(["    Parameters:", "      box:", "        size: 2"]);
    expect(done.indexOf("Parameters")).toBeLessThan(done.indexOf("TimeoutSeconds"));
  });

  test("an object that has it keeps the rest of it to the letter", () => {
    const value = new Map<string, string | NumberText>([["ErrorEquals", "x"]]);
    const done = set("/Retry/0", new Map([...value, ["MaxAttempts", new NumberText("5")]]));

    expect(done).toContain("# those of the carrier");
    expect(changes(done)).toEqual(["      - ErrorEquals: x", "        MaxAttempts: 5"]);
  });
});

describe("a field goes", () => {
  test("with what nothing else is in", () => {
    const one = setFields(open(TEXT), "Remove", [{ at: `${SHIP}/Retry/0`, value: undefined }]);
    const none = setFields(one.document, "Remove", [{ at: `${SHIP}/Retry/0`, value: undefined }]);

    expect(one.document.text).toContain("# all others");
    expect(none.document.text).not.toContain("Retry");
    expect(none.document.at(SHIP)).toBeDefined();
  });

  test("that is not there: nothing happens", () => {
    expect(set("/Comment", undefined)).toBe(TEXT);
  });

  test("for another one, which stands in its place", () => {
    const settings = [
      { at: `${SHIP}/TimeoutSecondsPath`, value: "$.limit" },
      { at: `${SHIP}/TimeoutSeconds`, value: undefined },
    ];

    expect(setFields(open(TEXT), "Set", settings, { order: ORDER }).document.text).toBe(
      TEXT.replace("TimeoutSeconds: 1.0e1", "TimeoutSecondsPath: $.limit"),
    );
  });
});

test("an entry goes up with its comment", () => {
  const done = moveItem(open(TEXT), "Reorder", `${SHIP}/Retry`, 1, 0).document;

  const lines = done.text.split("\n").map((line) => line.trim());
  expect(lines.filter((line) => line.startsWith("#"))).toEqual([
    "# not for long",
    "# all others",
    "# those of the carrier",
  ]);
  expect(done.at(`${SHIP}/Retry/1/MaxAttempts`)).toEqual(new NumberText("3"));
  expect(() => moveItem(open(TEXT), "Reorder", `${SHIP}/Retry`, 0, 2)).toThrow(/no item/);
});

describe("rules change places", () => {
  const CHOICE = "/States/Which/Choices";
  const YAML = `States:
  Which:
    Type: Choice
    Choices:
      # the large ones
      - Variable: $.total # in euros
        NumericGreaterThan: 1.0e3
        Next: Ask

      - {Variable: $.kind, StringEquals: 'gift', Next: "Wrap"}
      # what is left
      - Variable: $.total
        IsPresent: true
        Next: Ship
    Default: Lost # nobody knows
`;
  const JSON_TEXT = `{
  "States": {
    "Which": {
      "Choices": [
        { "Variable": "$.total", "NumericGreaterThan": 1.0e3, "Next": "Ask" },
        {
          "Variable": "$.kind",
          "StringEquals": "gift",
          "Next": "Wrap"
        },
        { "Variable": "$.total", "IsPresent": true,   "Next": "Ship" }
      ]
    }
  }
}
`;
  const moved = (text: string, from: number, to: number) =>
    moveItem(open(text), "Reorder", CHOICE, from, to).document.text;

  test.each([
    [0, 1],
    [0, 2],
    [1, 2],
    [2, 0],
    [2, 1],
    [1, 0],
  ])("in YAML from %i to %i, with their comments, and back", (from, to) => {
    const there = moved(YAML, from, to);

    expect(there.split("\n").filter(Boolean).sort()).toEqual(YAML.split("\n").filter(Boolean).sort());
    expect(there.indexOf("# the large ones")).toBeLessThan(there.indexOf("# in euros"));
    expect(there.indexOf("# what is left")).toBeLessThan(there.indexOf("IsPresent"));
    expect(open(there).at(CHOICE)).not.toEqual(open(YAML).at(CHOICE));
    expect(open(moved(there, to, from)).at(CHOICE)).toEqual(open(YAML).at(CHOICE));
  });

  test.each([
    [0, 2],
    [2, 0],
    [1, 0],
  ])("in JSON from %i to %i, as they were written, and back to the byte", (from, to) => {
    const there = moved(JSON_TEXT, from, to);

    expect(there).toContain('{ "Variable": "$.total", "IsPresent": true,   "Next": "Ship" }');
    expect(there).toContain('"NumericGreaterThan": 1.0e3');
    expect(moved(there, to, from)).toBe(JSON_TEXT);
  });
});
