import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { graphOf } from "../../graph/of_definition";
import { type Document, open } from "../document";
import { applied, inverted } from "../splice";
import { type Act, act } from "./act";
import { addBranch } from "./add_branch";
import { copied } from "./clip";
import { convert, lostByConversion } from "./convert";
import { moveState } from "./move_state";
import { insertState, paste } from "./paste";
import { removeState } from "./remove_state";
import { renameState } from "./rename_state";
import { reorderState } from "./reorder_state";
import { retarget } from "./retarget";
import { unfoldAliases } from "./unfold";
import { wrapInMap, wrapInParallel } from "./wrap";

const ORDER = readFileSync(new URL("../../../../examples/order-processing/statemachine.yaml", import.meta.url), "utf8");
const order = () => open(ORDER);

const CHAIN = `# The whole
StartAt: First
States:
  # Begins
  First:
    Type: Pass
    Next: Second # goes on

  # In between
  Second:
    Type: Task
    Resource: acme:deliver
    Catch:
      # All of them
      - ErrorEquals: [States.ALL]
        Next: Third
    Next: Third

  Third:
    Type: Succeed
`;

/** Lines that the first has and the second has not. */
function lines(a: string, b: string): string[] {
  const others = new Set(b.split("\n"));
  return a.split("\n").filter((line) => !others.has(line));
}

function ways(document: Document): string[] {
  const graph = graphOf(document.definition);
  const names = new Map(graph.nodes.map((node) => [node.id, node.kind === "ghost" ? `?${node.name}` : node.name]));
  return graph.edges.map((edge) => `${names.get(edge.source)} ${edge.kind} ${names.get(edge.target)}`);
}

function isUndone(before: string, { splices, document }: Act): boolean {
  return applied(document.text, inverted(before, splices)) === before;
}

describe("states of another language", () => {
  const JSONATA = "QueryLanguage: JSONata\nStartAt: Sum\nStates:\n  Sum: {Type: Pass, Output: '{% 1 %}', End: true}\n";

  test("say so themselves where the machine is in JSONPath", () => {
    const clip = copied(open(JSONATA), "/States/Sum");
    const { document, notes } = paste(open(CHAIN), { edge: "/States/First/Next" }, clip);

    expect(document.at("/States/Sum/QueryLanguage")).toBe("JSONata");
    expect(notes).toEqual([]);
  });

  test("in a machine of their own say nothing more", () => {
    const { document } = paste(open(JSONATA), { edge: "/StartAt" }, copied(open(JSONATA), "/States/Sum"));

    expect(document.at("/States/Sum 2/QueryLanguage")).toBeUndefined();
  });

  test("are told of where the machine takes no other", () => {
    const { notes } = paste(open(JSONATA), { edge: "/StartAt" }, '{"Old": {"Type": "Pass", "ResultPath": "$.x"}}');

    expect(notes).toEqual(["This machine is in JSONata, and these states are in JSONPath: Old."]);
  });
});

describe("renaming a state", () => {
  test("all that leads to it follows, and nothing else changes", () => {
    const done = renameState(order(), "/States/Receipt", "Send receipt");

    expect(done.name).toBe("Rename Receipt to Send receipt");
    expect(done.selection).toBe("/States/Send receipt");
    expect(lines(done.document.text, ORDER)).toEqual([
      "        Next: Send receipt",
      "        Next: Send receipt",
      "      Send receipt:",
    ]);
    expect(done.splices.length).toBe(3);
    expect(isUndone(ORDER, done)).toBe(true);
  });

  test("a name that is taken anywhere in the machine is refused", () => {
    expect(() => renameState(order(), "/States/Ship", "ValidatePayment")).toThrow(
      /names are unique in the whole machine/,
    );
    expect(() => renameState(order(), "/States/Ship", "x".repeat(81))).toThrow(/1 to 80 characters/);
    expect(() => renameState(order(), "/States/Ship", "a\nb")).toThrow(/control characters/);
  });

  test("StartAt follows", () => {
    expect(ways(renameState(order(), "/States/CheckOrder", "Check").document)[0]).toBe("Start start Check");
  });
});

describe("removing a state", () => {
  test("what led to it leads to what came after it; its comment goes along", () => {
    const { document } = removeState(open(CHAIN), "/States/Second");

    expect(document.text).toBe(`# The whole
StartAt: First
States:
  # Begins
  First:
    Type: Pass
    Next: Third # goes on

  Third:
    Type: Succeed
`);
  });

  test("where nothing came after it, a Next ends and a rule goes on naming it", () => {
    const done = removeState(open(CHAIN), "/States/Third");

    expect(ways(done.document)).toEqual([
      "Start start First",
      "First next Second",
      "Second catch ?Third",
      "Second end End",
    ]);
    expect(done.notes).toEqual(["/States/Second/Catch/0/Next still names Third: nothing came after it."]);
  });
});

describe("inserting a state", () => {
  test("on an edge it stands between, in the text behind what is left", () => {
    const done = insertState(open(CHAIN), { edge: "/States/First/Next" }, "Pause", { Type: "Wait", Seconds: 5 });

    expect(done.name).toBe("Add Pause");
    expect(done.selection).toBe("/States/Pause");
    expect(done.rewritten).toEqual([]);
    expect(lines(CHAIN, done.document.text)).toEqual(["    Next: Second # goes on"]);
    expect(done.document.text).toContain(
      "    Next: Pause # goes on\n\n  Pause:\n    Type: Wait\n    Seconds: 5\n    Next: Second\n\n  # In between\n",
    );
  });

  test("after one that ends the scope it ends the scope", () => {
    const { document } = insertState(order(), { after: "/States/Receipt" }, "Archive", { Type: "Pass" });

    expect(ways(document)).toContain("Receipt next Archive");
    expect(ways(document)).toContain("Archive end End");
  });

  test("on a Catch it handles the error", () => {
    const { document } = insertState(open(CHAIN), { edge: "/States/Second/Catch/0/Next" }, "Handle", { Type: "Pass" });

    expect(ways(document)).toContain("Second catch Handle");
    expect(ways(document)).toContain("Handle next Third");
  });

  test("as the first of all", () => {
    const { document } = insertState(open(CHAIN), { edge: "/StartAt" }, "Zero", { Type: "Pass" });

    expect(ways(document).slice(0, 2)).toEqual(["Start start Zero", "Zero next First"]);
    expect(document.text).toContain("States:\n  Zero:\n    Type: Pass\n    Next: First\n  # Begins\n");
  });

  test("a name that is taken gets a number", () => {
    expect(insertState(open(CHAIN), { edge: "/StartAt" }, "First", { Type: "Pass" }).selection).toBe("/States/First 2");
  });

  test("a Choice goes on by its Default", () => {
    const { document } = insertState(open(CHAIN), { edge: "/States/First/Next" }, "Which", {
      Type: "Choice",
      Choices: [],
    });

    expect(ways(document)).toContain("Which default Second");
  });

  test("after a Choice, Fail or Succeed it is refused, with the reason", () => {
    const pass = { Type: "Pass" };
    expect(() => insertState(order(), { after: "/States/InStock" }, "X", pass)).toThrow(/goes on by its rules/);
    expect(() => insertState(order(), { after: "/States/Rejected" }, "X", pass)).toThrow(/nothing comes after it/);
  });

  test("into JSON in the style that is there", () => {
    const text = `{\n    "StartAt": "A",\n    "States": {\n        "A": {"Type": "Pass", "End": true}\n    }\n}`;
    const { document } = insertState(open(text), { after: "/States/A" }, "B", { Type: "Wait", Seconds: 5 });

    expect(document.text).toBe(
      `{\n    "StartAt": "A",\n    "States": {\n        "A": {"Type": "Pass", "Next": "B"},\n        "B": {\n            "Type": "Wait",\n            "Seconds": 5,\n            "End": true\n        }\n    }\n}`,
    );
  });
});

describe("leading a transition elsewhere", () => {
  test("to another state of the scope, to the end, and back", () => {
    const ended = retarget(open(CHAIN), "/States/First/Next", null);
    expect(ended.document.text).toContain("    End: true # goes on\n");
    expect(retarget(ended.document, "/States/First/End", "Second").document.text).toBe(CHAIN);
  });

  test("not out of its scope", () => {
    expect(() => retarget(order(), "/States/Notify/Next", "ValidatePayment")).toThrow(/not in the same scope/);
    expect(() => retarget(order(), "/States/InStock/Default", null)).toThrow(/Only a Next can be replaced by an end/);
    expect(() => retarget(order(), "/States/Rejected/End", "Ship")).toThrow(/nothing comes after them/);
  });
});

describe("moving a state", () => {
  test("onto another edge of its scope: three transitions change, and no more", () => {
    const done = moveState(open(CHAIN), "/States/First", "/States/Second/Next");

    expect(ways(done.document)).toEqual([
      "Start start Second",
      "First next Third",
      "Second next First",
      "Second catch Third",
      "Third end End",
    ]);
    expect(done.document.text.split("\n").length).toBe(CHAIN.split("\n").length);
  });

  test("into a branch, with all of its comments", () => {
    const edge = "/States/CheckOrder/Branches/1/States/CheckInventory/End";
    const done = moveState(order(), "/States/NotNotified", edge);

    expect(ways(done.document)).toContain("CheckInventory next NotNotified");
    expect(ways(done.document)).toContain("NotNotified end End");
    expect(ways(done.document)).toContain("Notify catch Receipt");
    expect(done.document.text).toContain("# Only what the task needs: the whole order otherwise");
    expect(done.document.text).toContain("                Result: {sent: false}\n");
    expect(done.rewritten).toEqual([]);
  });

  test("not into itself", () => {
    const edge = "/States/CheckOrder/Branches/1/States/CheckInventory/End";
    expect(() => moveState(order(), "/States/CheckOrder", edge)).toThrow(/cannot be moved into itself/);
  });

  test("in the text alone, comments and all", () => {
    const { document } = reorderState(open(CHAIN), "/States/Second", null);

    expect(ways(document).sort()).toEqual(ways(open(CHAIN)).sort());
    expect(document.text).toContain("States:\n  # In between\n  Second:\n    Type: Task\n");
    expect(document.text).toContain("      # All of them\n");
  });
});

describe("wrapping a state", () => {
  test("in a Parallel, which catches what it caught", () => {
    const done = wrapInParallel(open(CHAIN), "/States/Second");

    expect(ways(done.document)).toEqual([
      "Start start First",
      "First next Parallel",
      "Parallel next Third",
      "Parallel catch Third",
      "Third end End",
      "Start start Second",
      "Second end End",
    ]);
    expect(done.rewritten).toEqual([]);
    expect(done.document.text).toContain(
      "  # In between\n  Parallel:\n    Type: Parallel\n    Branches:\n      - StartAt: Second\n",
    );
    expect(done.document.text).toContain("      # All of them\n      - ErrorEquals: [States.ALL]\n");
  });

  test("in a Map", () => {
    const { document } = wrapInMap(order(), "/States/CheckOrder/Branches/1/States/CheckInventory");

    expect(ways(document)).toContain("Start start Map");
    expect(document.text).toContain("# Only what the task needs: the whole order otherwise");
  });

  test("not a Choice, whose rules would lead out of it", () => {
    expect(() => wrapInMap(order(), "/States/InStock")).toThrow(/lead out of what would be wrapped/);
  });

  test("then one more branch", () => {
    const wrapped = wrapInParallel(open(CHAIN), "/States/First");
    const done = addBranch(wrapped.document, "/States/Parallel");

    expect(done.selection).toBe("/States/Parallel/Branches/1/States/Pass");
    expect(ways(done.document)).toContain("Pass end End");
    expect(() => addBranch(order(), "/States/Ship")).toThrow(/Only a Parallel/);
  });
});

describe("copying and pasting", () => {
  test("a state comes with its comments, under a name that is free", () => {
    const text = copied(order(), "/States/CheckOrder");
    const done = paste(order(), { edge: "/States/Notify/Next" }, text);

    expect(done.selection).toBe("/States/CheckOrder 2");
    expect(done.rewritten).toEqual([]);
    expect(done.document.text.match(/# Only what the task needs/g)?.length).toBe(2);
    expect(ways(done.document)).toContain("Notify next CheckOrder 2");
    expect(ways(done.document)).toContain("CheckOrder 2 next Receipt");
    expect(ways(done.document)).toContain("Start start CheckInventory 2");
  });

  test("into another machine: where it led there is nothing, so it ends", () => {
    const text = copied(order(), "/States/NotNotified");
    const done = paste(open(CHAIN), { scope: "" }, text);

    expect(ways(done.document)).toContain("NotNotified end End");
    expect(done.notes).toEqual([]);
  });

  test("rules that lead nowhere are said", () => {
    const done = paste(open(CHAIN), { scope: "" }, copied(order(), "/States/InStock"));

    expect(done.notes.length).toBe(2);
    expect(ways(done.document)).toContain("InStock default ?OutOfStock");
  });

  test.each([
    [
      "a definition",
      `{"StartAt": "X", "States": {"X": {"Type": "Pass", "Next": "Y"}, "Y": {"Type": "Pass", "End": true}}}`,
    ],
    ["states by their names", "X:\n  Type: Pass\n  Next: Y\n'Y':\n  Type: Pass\n  End: true\n"],
  ])("%s, JSON or YAML, comes in whole", (_, text) => {
    const { document } = paste(open(CHAIN), { edge: "/States/First/Next" }, text);

    expect(ways(document)).toContain("First next X");
    expect(ways(document)).toContain("X next Y");
    expect(ways(document)).toContain("Y next Second");
  });

  test("one state alone is called as its type", () => {
    expect(paste(open(CHAIN), { scope: "" }, `{"Type": "Wait", "Seconds": 1}`).selection).toBe("/States/Wait");
  });

  test("anything else is refused", () => {
    expect(() => paste(open(CHAIN), { scope: "" }, "just a text")).toThrow(/has no state in it/);
    expect(() => paste(open(CHAIN), { scope: "" }, `{"a": `)).toThrow(/Line 1/);
  });

  test("into an empty machine", () => {
    const { document } = paste(open("Comment: new\n"), { scope: "" }, copied(order(), "/States/Rejected"));

    expect(ways(document)).toEqual(["Start start Rejected", "Rejected end End"]);
  });

  test("into a text of nothing but comments", () => {
    const { document } = paste(open("# Orders"), { scope: "" }, copied(order(), "/States/Rejected"));

    expect(document.text).toMatch(/^# Orders\nStartAt: Rejected\nStates:\n {2}Rejected:\n/);
    expect(ways(document)).toEqual(["Start start Rejected", "Rejected end End"]);
  });

  test("where all states were removed begins the machine, whatever it began with", () => {
    const { document } = removeState(open("StartAt: A\nStates:\n  A: {Type: Pass, End: true}\n"), "/States/A");

    expect(ways(paste(document, { scope: "" }, "B: {Type: Succeed}").document)).toEqual(["Start start B", "B end End"]);
  });
});

describe("converting", () => {
  test("YAML to JSON lists the comments that are lost, and keeps order and numbers", () => {
    const text = "# one\nStartAt: A # two\nStates: {}\n10: 1.0\n9: 1e400\n";
    expect(lostByConversion(open(text))).toEqual([
      { line: 1, text: "# one" },
      { line: 2, text: "# two" },
    ]);
    expect(convert(open(text)).document.text).toBe(
      '{\n  "StartAt": "A",\n  "States": {},\n  "10": 1.0,\n  "9": 1e400\n}\n',
    );
  });

  test("there and back is the same value", () => {
    const there = convert(order());
    expect(there.document.format).toBe("json");
    const back = convert(there.document);
    expect(JSON.stringify(graphOf(back.document.definition))).toBe(JSON.stringify(graphOf(order().definition)));
    expect(convert(back.document).document.text).toBe(there.document.text);
  });
});

describe("anchors and aliases", () => {
  const SHARED = `StartAt: A
States:
  A: &task
    Type: Task
    Resource: acme:deliver
    Next: B
  B: *task
  C:
    <<: *task
    Next: A
`;

  test("an edit within an alias is refused, with where to edit instead", () => {
    expect(() => retarget(open(SHARED), "/States/B/Next", "C")).toThrow(
      "This comes from *task: edit it where the anchor &task is (line 4), or unfold the aliases first.",
    );
  });

  test("what is used elsewhere cannot be removed", () => {
    expect(() => removeState(open(SHARED), "/States/A")).toThrow(/used elsewhere, as \*task: unfold the aliases first/);
  });

  test("an edit where the anchor is changes all of them", () => {
    const { document } = retarget(open(SHARED), "/States/A/Next", "C");
    expect(ways(document)).toContain("B next C");
  });

  test("unfolded, each can be edited by itself", () => {
    const done = unfoldAliases(open(SHARED));

    expect(ways(done.document)).toEqual(ways(open(SHARED)));
    expect(done.rewritten).toEqual([]);
    expect(ways(retarget(done.document, "/States/B/Next", "C").document)).toContain("B next C");
  });
});

test("a text that does not parse is not edited, and says where it is broken", () => {
  expect(() => renameState(open('{"StartAt": "A", "States": {"A": {"Type": "Pass",}}}'), "/States/A", "B")).toThrow(
    /^Line 1: .*Fix that first/,
  );
});

describe("what cannot be done by splices is written anew, and said", () => {
  const EXPLICIT =
    "# kept\nStartAt: A\nStates:\n  A:\n    # lost\n    ? Type\n    : Pass\n    End: true\n  # kept, too\n  B:\n    Type: Succeed\n";

  test("the smallest part around it, with the comments that are lost", () => {
    const done = act(open(EXPLICIT), "Choose a type", [{ do: "set", at: "/States/A/Type", value: "Wait" }], null);

    expect(done.rewritten).toEqual(["/States/A"]);
    expect(done.lostComments).toEqual(["# lost"]);
    expect(done.notes).toEqual(["Written anew: /States/A. These comments are lost: # lost"]);
    expect(done.document.text).toBe(
      "# kept\nStartAt: A\nStates:\n  A:\n    Type: Wait\n    End: true\n  # kept, too\n  B:\n    Type: Succeed\n",
    );
    expect(isUndone(EXPLICIT, done)).toBe(true);
  });

  test("of a name that stands twice one is left", () => {
    const done = act(open('{"A": {"x": 1, "x": 2}, "B": 1.0}'), "Set x", [{ do: "remove", at: "/A/x" }], null);

    expect(done.rewritten).toEqual(["/A"]);
    expect(done.document.text).toBe('{"A": {}, "B": 1.0}');
  });

  test("edits that contradict each other, or have no place, are refused", () => {
    const refused =
      (...edits: Parameters<typeof act>[2]) =>
      () =>
        act(open(CHAIN), "Try", edits, null);
    expect(refused({ do: "set", at: "/States/None", value: 1 })).toThrow("there is nothing at /States/None");
    expect(refused({ do: "rename", at: "/States/First", to: "Second" })).toThrow("the name is taken: Second");
    expect(
      refused({ do: "remove", at: "/States/First" }, { do: "set", at: "/States/First/Next", value: "Third" }),
    ).toThrow("what is replaced cannot be edited");
  });
});
