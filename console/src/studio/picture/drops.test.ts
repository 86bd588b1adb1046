import { describe, expect, test } from "vitest";
import { open } from "../../document";
import type { Target } from "../../editing/places";
import { graphOf } from "../../graph/of_definition";
import { FLOW } from "../palette/flow";
import type { Item } from "./dragging";
import { dropped, fits } from "./drops";

const ORDER = `StartAt: Check
States:
  # Looks at it
  Check:
    Type: Pass
    Next: Both
  Both:
    Type: Parallel
    Branches:
      - StartAt: Pay
        States:
          Pay: {Type: Pass, End: true}
      - {}
    Next: Gone
  Ship:
    Type: Pass
    End: true
`;
const flow = (type: string): Item => ({ kind: "flow", type });
const state = (name: string): Item => ({ kind: "state", pointer: `/States/${name}`, name });

function drop(item: Item, target: Target, text = ORDER) {
  const document = open(text);
  return dropped(document, graphOf(document.definition), item, target, null);
}
const may = (item: Item, target: Target) => fits(graphOf(open(ORDER).definition), item, target);

describe("a state from the palette", () => {
  test("on an edge stands between its ends", () => {
    const { document, name, selection } = drop(flow("Wait"), { edge: "/States/Check/Next" });

    expect(name).toBe("Add Wait");
    expect(selection).toBe("/States/Wait");
    expect(document.at("/States/Check/Next")).toBe("Wait");
    expect(document.at("/States/Wait/Next")).toBe("Both");
    expect(document.text).toContain("# Looks at it");
  });

  test("on a state stands behind it", () => {
    expect(drop(flow("Pass"), { node: "/States/Ship" }).document.at("/States/Ship/Next")).toBe("Pass");
  });

  test("in an empty branch begins it", () => {
    const { document } = drop(flow("Pass"), { node: "/States/Both/Branches/1" });

    expect(document.at("/States/Both/Branches/1/StartAt")).toBe("Pass");
    expect(document.at("/States/Both/Branches/1/States/Pass/End")).toBe(true);
  });

  test("in a branch that has states comes first", () => {
    const { document } = drop(flow("Pass"), { node: "/States/Both/Branches/0" });

    expect(document.at("/States/Both/Branches/0/States/Pass/Next")).toBe("Pay");
  });

  test("in the place of a state that is missing has its name", () => {
    const { document } = drop(flow("Wait"), { node: "#ghost/Gone" });

    expect(document.at("/States/Gone/Type")).toBe("Wait");
  });

  test("begins a machine that has none", () => {
    const { document } = drop(flow("Succeed"), { pane: true }, "{}");

    expect(document.definition).toEqual(
      open('{"States": {"Succeed": {"Type": "Succeed"}}, "StartAt": "Succeed"}').definition,
    );
  });

  test.each(Object.keys(FLOW))("%s comes in whole, in each format and language", (type) => {
    for (const language of ["", "QueryLanguage: JSONata\n"]) {
      const { document } = drop(flow(type), { edge: "/States/Check/Next" }, language + ORDER);
      expect(document.at(`/States/${type}/Type`)).toBe(type);
      const ends = type === "Succeed" || type === "Fail" || type === "Choice";
      expect(document.at(`/States/${type}/Next`)).toBe(ends ? undefined : "Both");
    }
    const json = drop(flow(type), { edge: "/StartAt" }, '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}');
    expect(json.document.at("/StartAt")).toBe(type);
  });

  test("a rule of a new Choice leads somewhere, and so does all else", () => {
    const { document } = drop(flow("Choice"), { edge: "/States/Check/Next" });

    expect(document.at("/States/Choice/Default")).toBe("Both");
    expect(document.at("/States/Choice/Choices/0/Next")).toBe("If present");
    expect(document.at("/States/If present/Next")).toBe("Both");
  });
});

test("behind what ends the execution nothing can be put", () => {
  const graph = graphOf(open('{"StartAt": "A", "States": {"A": {"Type": "Fail"}}}').definition);
  expect(fits(graph, flow("Pass"), { node: "#end" })).toBe(false);
});

describe("a state of the picture", () => {
  test("goes to another edge", () => {
    const { document } = drop(state("Ship"), { edge: "/States/Check/Next" });

    expect(document.at("/States/Check/Next")).toBe("Ship");
    expect(document.at("/States/Ship/Next")).toBe("Both");
  });

  test("goes neither into itself nor where it is", () => {
    expect(may(state("Both"), { edge: "/States/Both/Branches/0/StartAt" })).toBe(false);
    expect(may(state("Both"), { edge: "/States/Both/Next" })).toBe(false);
    expect(may(state("Ship"), { node: "/States/Ship" })).toBe(false);
    expect(may(state("Ship"), { node: "/States/Check" })).toBe(true);
  });
});

describe("the end of an edge", () => {
  const end: Item = { kind: "end", edge: "/States/Both/Next", scope: "" };

  test("leads to another state, or to the end", () => {
    expect(drop(end, { node: "/States/Ship" }).document.at("/States/Both/Next")).toBe("Ship");
    expect(drop(end, { node: "#end" }).document.at("/States/Both/End")).toBe(true);
  });

  test("stays in its scope", () => {
    expect(may(end, { node: "/States/Ship" })).toBe(true);
    expect(may(end, { node: "/States/Both/Branches/0/States/Pay" })).toBe(false);
    expect(may(end, { edge: "/States/Check/Next" })).toBe(false);
  });
});
