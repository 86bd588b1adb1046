import { expect, test } from "vitest";
import { open } from "../document";
import { NumberText, type Value } from "../document/value";
import { OPERATORS } from "../language/fields";
import { conditionOf, operandFor, withCondition } from "./conditions";

const rule = (text: string): Value => open(text, "json").value;
const RULE = rule(`{
  "Comment": "large", "And": [
    {"Variable": "$.total", "NumericGreaterThan": 100.50},
    {"Not": {"Or": [{"Variable": "$.a", "IsPresent": true}, {"Variable": "$.b", "StringEqualsPath": "$.c"}]}}
  ], "Next": "Ask"}`);

test("a condition is taken apart and put together again", () => {
  const condition = conditionOf(RULE, OPERATORS);

  expect(condition.kind).toBe("all");
  expect(JSON.stringify(condition)).toContain('"operator":"NumericGreaterThan"');
  expect(withCondition(RULE, condition)).toEqual(RULE);
});

test("what else a rule says stays in its place", () => {
  const changed = withCondition(RULE, { kind: "compare", variable: "$.x", operator: "IsNull", operand: true });

  expect([...changed.keys()]).toEqual(["Comment", "Variable", "IsNull", "Next"]);
});

test("what the builder does not know stays as it is", () => {
  const odd = rule('{"Variable": "$.a", "StringEquals": "b", "IsPresent": true, "Next": "Ask"}');
  const condition = conditionOf(odd, OPERATORS);

  expect(condition.kind).toBe("other");
  expect(withCondition(odd, condition)).toEqual(odd);
});

test("another operator keeps what it can of what is compared with", () => {
  expect(operandFor(OPERATORS.NumericEquals, new NumberText("1.0"))).toEqual(new NumberText("1.0"));
  expect(operandFor(OPERATORS.NumericEquals, "one")).toEqual(new NumberText("0"));
  expect(operandFor(OPERATORS.StringEqualsPath, "$.a")).toBe("$.a");
  expect(operandFor(OPERATORS.IsPresent, "$.a")).toBe(true);
});
