/**
 * What is written beside nodes and edges: conditions, errors and resources, in a few words.
 * `operator/stepwright/asl/graph/words.py` says the same, to the letter; `tests/graph_cases` hold both to it.
 */
import { entries, isObject, items, member, NumberText } from "../document/value";

/** Characters of a label; what is longer ends with an ellipsis. */
const LONGEST = 120;
const DEEPEST = 8;
const COMPARED =
  /^(?:String|Numeric|Boolean|Timestamp)(Equals|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan)(Path)?$/;
const SIGNS: Record<string, string> = {
  Equals: "==",
  LessThan: "<",
  LessThanEquals: "<=",
  GreaterThan: ">",
  GreaterThanEquals: ">=",
};
const ASKED = new Map([
  ["IsBoolean", "a boolean"],
  ["IsNull", "null"],
  ["IsNumeric", "a number"],
  ["IsPresent", "present"],
  ["IsString", "a string"],
  ["IsTimestamp", "a timestamp"],
]);
const EXPRESSION = /^\{%([\s\S]*)%\}$/;
const INTEGRATION = /^arn:aws[a-z-]*:states:[^:]*:[^:]*:([\s\S]*)$/;
const FUNCTION = /^arn:aws[a-z-]*:lambda:[^:]*:[^:]*:(function:[\s\S]*)$/;

/** `$.total > 100 and $.country == "NO"`; empty if it is not a condition. */
export function ofRule(rule: unknown): string {
  return short(condition(rule, 0));
}

/** `States.Timeout, Job.Failed` */
export function ofCatcher(catcher: unknown): string {
  const errors = items(member(catcher, "ErrorEquals"));
  return short(errors.filter((error) => typeof error === "string").join(", "));
}

/** What distinguishes a state from others of its type: what a Task calls, how long a Wait waits, the error of a Fail. */
export function ofState(state: unknown): string {
  switch (member(state, "Type")) {
    case "Task":
      return short(resource(first(state, "Resource")));
    case "Wait": {
      const seconds = member(state, "Seconds");
      if (isNumber(seconds)) return `${ofNumber(seconds)} s`;
      return short(first(state, "Seconds", "SecondsPath", "Timestamp", "TimestampPath"));
    }
    case "Fail":
      return short(first(state, "Error", "ErrorPath"));
    case "Map": {
      const config = member(member(state, "ItemProcessor"), "ProcessorConfig");
      return member(config, "Mode") === "DISTRIBUTED" ? "distributed" : "";
    }
    default:
      return "";
  }
}

function first(state: unknown, ...names: string[]): string {
  for (const name of names) {
    const text = member(state, name);
    if (typeof text === "string") return expression(text);
  }
  return "";
}

function resource(text: string): string {
  return INTEGRATION.exec(text)?.[1] ?? FUNCTION.exec(text)?.[1] ?? text;
}

function expression(text: string): string {
  return EXPRESSION.exec(text)?.[1] ?? text;
}

function condition(rule: unknown, depth: number): string {
  if (!isObject(rule)) return "";
  if (depth > DEEPEST) return "...";
  const written = member(rule, "Condition");
  if (typeof written === "string") return expression(written);
  if (typeof written === "boolean") return String(written);
  for (const [name, word] of [
    ["And", " and "],
    ["Or", " or "],
  ] as const) {
    const parts = member(rule, name);
    if (Array.isArray(parts)) return joined(parts, word, depth);
  }
  const inner = member(rule, "Not");
  if (isObject(inner)) return `not (${condition(inner, depth + 1) || "?"})`;
  return comparison(rule);
}

function joined(parts: readonly unknown[], word: string, depth: number): string {
  let text = "";
  for (const [index, part] of parts.entries()) {
    const said = condition(part, depth + 1) || "?";
    const isJoined = Array.isArray(member(part, "And")) || Array.isArray(member(part, "Or"));
    text += (index > 0 ? word : "") + (isJoined ? `(${said})` : said);
    if (text.length > 4 * LONGEST) break; // the rest is cut off anyway
  }
  return text;
}

function comparison(rule: object): string {
  const variable = member(rule, "Variable");
  if (typeof variable !== "string") return "";
  for (const [name, value] of entries(rule)) {
    const compared = COMPARED.exec(name);
    if (compared) return `${variable} ${SIGNS[compared[1] ?? ""]} ${operand(value, compared[2] !== undefined)}`;
    if (name === "StringMatches") return `${variable} matches ${operand(value, false)}`;
    const asked = ASKED.get(name);
    if (asked !== undefined) return `${variable} is ${value === false ? "not " : ""}${asked}`;
  }
  return "";
}

/** `named`: a path to what is compared with. */
function operand(value: unknown, named: boolean): string {
  if (typeof value === "string") return named ? value : `"${value}"`;
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) return ofNumber(value);
  return value === null ? "null" : "...";
}

function isNumber(value: unknown): value is number | NumberText {
  return typeof value === "number" || value instanceof NumberText;
}

function ofNumber(value: number | NumberText): string {
  const number = value instanceof NumberText ? Number(value.text) : value;
  return Number.isFinite(number) ? String(number) : "null";
}

/** Counted in code points, as Python does. */
function short(text: string): string {
  const flat = text.replaceAll(/[ \t\r\n]+/g, " ").replaceAll(/^ | $/g, "");
  if (flat.length <= LONGEST) return flat;
  const points = Array.from(flat.slice(0, 2 * LONGEST + 2));
  return points.length <= LONGEST ? flat : `${points.slice(0, LONGEST - 1).join("")}…`;
}
