import { describe, expect, test } from "vitest";
import type { Scope } from "./completion";
import { type Mode, offeredAt } from "./place";

const INPUT = { order: { total: 12, "ship to": "Oslo", items: [{ sku: "a" }] } };
const scope = (language: Scope["language"], more: Partial<Scope> = {}): Scope => ({
  language,
  variables: ["limit"],
  input: INPUT,
  result: { id: 7 },
  offers: [],
  calls: true,
  ...more,
});
/** The bar is where the cursor is. */
function offers(text: string, mode: Mode, of: Scope): string[] {
  const at = text.indexOf("|");
  const found = offeredAt(text.replace("|", ""), at, mode, of);
  return found?.options.map((option) => option.text) ?? [];
}

describe("in a path", () => {
  const path = scope("JSONPath");

  test("what was recorded is offered, by its own way of writing", () => {
    expect(offers("$.|", "path", path)).toEqual(["$.order"]);
    expect(offers("$.order.|", "path", path)).toEqual(["$.order.total", "$.order['ship to']", "$.order.items"]);
    expect(offers("$.order.items[0].|", "path", path)).toEqual(["$.order.items[0].sku"]);
    expect(offers("$.order.items[*].s|", "path", path)).toEqual(["$.order.items[*].sku"]);
  });

  test("functions, variables and the context object are offered where they may stand", () => {
    expect(offers("States.Arr|", "path", path)).toContain("States.ArrayLength(");
    expect(offers("States.Arr|", "path", scope("JSONPath", { calls: false }))).toEqual([]);
    expect(offers("$li|", "path", path)).toEqual(["$limit"]);
    expect(offers("$$.Exec|", "path", path)).toContain("$$.Execution.Id");
    expect(offers("States.Format('{}', $.order.t|", "path", path)).toEqual(["$.order.total"]);
  });

  test("in JSON they are offered behind names that end in .$", () => {
    expect(offers('{"a.$": "$.order.to|', "value", path)).toEqual(["$.order.total"]);
    expect(offers('{"a": "$.order.to|', "value", path)).toEqual([]);
  });
});

describe("in JSONata", () => {
  const jsonata = scope("JSONata", { offers: ["result"] });

  test("only between its signs", () => {
    expect(offers("{% $states.input.order.t|", "value", jsonata)).toEqual(["$states.input.order.total"]);
    expect(offers("$states.input.|", "value", jsonata)).toEqual([]);
    expect(offers("{% 1 %} $sum|", "value", jsonata)).toEqual([]);
  });

  test("names that are no words stand in backquotes", () => {
    expect(offers("{% $states.input.order.|", "value", jsonata)).toContain("$states.input.order.`ship to`");
  });

  test("functions, variables, the result", () => {
    expect(offers("{% $su|", "value", jsonata)).toContain("$sum(");
    expect(offers("{% $uu|", "value", jsonata)).toEqual(["$uuid()"]);
    expect(offers("{% $limit > $l|", "value", jsonata)).toContain("$limit");
    expect(offers("{% $states.r|", "value", jsonata)).toEqual(["$states.result"]);
    expect(offers("{% $states.r|", "value", scope("JSONata"))).toEqual([]);
    expect(offers("{% $states.result.|", "value", jsonata)).toEqual(["$states.result.id"]);
    expect(offers("{% 'a $su|", "value", jsonata)).toEqual([]);
  });
});
