/**
 * Which rules of Retry and Catch an error meets. `operator/stepwright/asl/failure/matching.py` decides so.
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
import { items, member, NumberText } from "../document/value";

const NEVER = "States.Runtime";
const BEYOND_ALL = new Set([NEVER, "States.DataLimitExceeded"]);
const TIMEOUTS = new Set(["States.Timeout", "States.HeartbeatTimeout"]);
/** As AWS has it where MaxAttempts is not given. */
const USUAL_RETRIES = 3;

export interface Rule {
  /** Its place in Retry or Catch. */
  index: number;
  errors: string[];
}

export interface Retrier extends Rule {
  /** How often it lets the work be done again. */
  retries: number;
}

export interface Catcher extends Rule {
  next: string;
}

export interface Rules {
  retriers: Retrier[];
  catchers: Catcher[];
}

/** Those of a state; none of anything that is not one. */
export const rulesOf = (state: unknown): Rules => ({
  retriers: items(member(state, "Retry")).map((rule, index) => ({
    index,
    errors: named(rule),
    retries: retries(rule),
  })),
  catchers: items(member(state, "Catch")).map((rule, index) => ({
    index,
    errors: named(rule),
    next: String(member(rule, "Next") ?? ""),
  })),
});

export function matches(errors: readonly string[], error: string): boolean {
  if (error === NEVER) return false; // not even a Catch that names it gets it
  if (errors.includes(error)) return true;
  if (BEYOND_ALL.has(error)) return false;
  return errors.includes("States.ALL") || (errors.includes("States.TaskFailed") && !TIMEOUTS.has(error));
}

/** The first that names the error: the others are not looked at. */
export const first = <Of extends Rule>(rules: readonly Of[], error: string): Of | null =>
  rules.find((rule) => matches(rule.errors, error)) ?? null;

const named = (rule: unknown): string[] =>
  items(member(rule, "ErrorEquals")).filter((error): error is string => typeof error === "string");

function retries(rule: unknown): number {
  const given = member(rule, "MaxAttempts");
  const number = given instanceof NumberText ? Number(given.text) : given;
  return typeof number === "number" && Number.isInteger(number) && number >= 0 ? number : USUAL_RETRIES;
}
