/** The condition of a Choice rule in JSONPath, as a builder shows it, and back. */
import { NumberText, type Value } from "../document/value";

export type Condition =
  | { kind: "all" | "any"; parts: readonly Condition[] }
  | { kind: "not"; part: Condition }
  | { kind: "compare"; variable: string; operator: string; operand: Value }
  /** What the builder does not know: it stays as it is. */
  | { kind: "other"; members: ReadonlyMap<string, Value> };

/** Fields of a rule that are not part of its condition. */
const BESIDE: ReadonlySet<string> = new Set(["Next", "Assign", "Comment", "Output"]);
const JOINED: Readonly<Record<string, "all" | "any">> = { And: "all", Or: "any" };

export const EMPTY: Condition = { kind: "compare", variable: "$.", operator: "IsPresent", operand: true };

/** Of a rule, or of a part of one. `operators`: those that there are. */
export function conditionOf(rule: Value, operators: Readonly<Record<string, unknown>>): Condition {
  const members = new Map(rule instanceof Map ? [...rule].filter(([name]) => !BESIDE.has(name)) : []);
  const [first, ...others] = members.keys();
  const joined = first === undefined ? undefined : JOINED[first];
  if (first !== undefined && joined && others.length === 0) {
    const parts = members.get(first);
    if (Array.isArray(parts)) return { kind: joined, parts: parts.map((part: Value) => conditionOf(part, operators)) };
  }
  if (first === "Not" && others.length === 0) {
    const part = members.get(first);
    if (part instanceof Map) return { kind: "not", part: conditionOf(part, operators) };
  }
  const variable = members.get("Variable");
  const operator = [...members.keys()].find((name) => Object.hasOwn(operators, name));
  if (members.size === 2 && typeof variable === "string" && operator !== undefined) {
    return { kind: "compare", variable, operator, operand: members.get(operator) ?? null };
  }
  return { kind: "other", members };
}

export function membersOf(condition: Condition): Map<string, Value> {
  switch (condition.kind) {
    case "all":
    case "any":
      return new Map([[condition.kind === "all" ? "And" : "Or", condition.parts.map(membersOf)]]);
    case "not":
      return new Map([["Not", membersOf(condition.part)]]);
    case "compare":
      return new Map<string, Value>([
        ["Variable", condition.variable],
        [condition.operator, condition.operand],
      ]);
    case "other":
      return new Map(condition.members);
  }
}

/** The rule with another condition; what else it says stays, in its order. */
export function withCondition(rule: Value, condition: Condition): Map<string, Value> {
  const members = membersOf(condition);
  const before = rule instanceof Map ? [...rule] : [];
  const first = before.findIndex(([name]) => !BESIDE.has(name));
  const rest = (from: readonly [string, Value][]) => from.filter(([name]) => BESIDE.has(name));
  const at = Math.max(first, 0);
  return new Map([...rest(before.slice(0, at)), ...members, ...rest(before.slice(at))]);
}

/** The same question with another operand's kind: what cannot be kept becomes the simplest of its kind. */
export function operandFor(operator: { kind: string; path: boolean } | undefined, before: Value): Value {
  if (!operator) return before;
  if (operator.path) return typeof before === "string" && before.startsWith("$") ? before : "$.";
  switch (operator.kind) {
    case "boolean":
      return typeof before === "boolean" ? before : true;
    case "number":
      return isNumber(before) ? before : NUMBER;
    default:
      return typeof before === "string" ? before : "";
  }
}

const isNumber = (value: Value): boolean => value instanceof NumberText;
const NUMBER = new NumberText("0");
