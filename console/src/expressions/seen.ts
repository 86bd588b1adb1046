/** What an expression of a field reads, of data that was recorded. */
import type { ToTry } from "../api/generated/console";
import type { Value } from "../document";
import { member } from "../document/value";
import type { Language } from "../language/fields";
import { follow, steps } from "./paths";
import { parsed, type Sample } from "./sample";

export interface Seen {
  /** What `$` is in JSONPath, `$states.input` in JSONata; undefined: nobody knows. */
  input: unknown;
  result: unknown;
  offers: readonly string[];
}

const WORKING = new Set(["Task", "Map", "Parallel"]);

/** `place`: of the field in its state, `Catch[]/Assign`. */
export function seenBy(place: string, state: Value | undefined, language: Language, sample: Sample | null): Seen {
  const input = parsed(sample?.input);
  const result = parsed(sample?.result);
  const works = WORKING.has(String(member(state, "Type")));
  const field = place.split("/").at(-1);
  const isAfter = field === "Output" || field === "Assign";
  const inCatch = place.startsWith("Catch[]");
  if (language === "JSONata") {
    const offers = isAfter && inCatch ? ["errorOutput"] : isAfter && works ? ["result"] : [];
    return { input, result, offers };
  }
  const unknown = { input: undefined, result: undefined, offers: [] };
  // What a Pass makes of its input is not known before it is done.
  const isMade = isAfter && member(state, "Type") === "Pass";
  if (inCatch || isMade || field === "OutputPath" || field === "ResultPath") return unknown;
  if (field === "InputPath") return { ...unknown, input };
  if (field === "ResultSelector" || (isAfter && works)) return { ...unknown, input: result };
  return { ...unknown, input: chosen(input, member(state, "InputPath")) };
}

/** By InputPath, as far as that can be followed here. */
function chosen(input: unknown, path: unknown): unknown {
  if (path === undefined || path === "$") return input;
  const way = typeof path === "string" && path.startsWith("$") ? steps(path.slice(1)) : null;
  return way && follow(input, way);
}

/** What the server is asked for a preview; null: nothing can be said. */
export function toTry(
  value: string,
  how: { language: Language; isTemplate?: boolean },
  seen: Seen,
  sample: Sample | null,
): ToTry | null {
  if (seen.input === undefined) return null;
  // What is not an expression is what it is.
  if (how.language === "JSONata" && !value.includes("{%")) return null;
  if (how.language === "JSONPath" && (how.isTemplate ? !value.includes('.$"') : !value.startsWith('"'))) return null;
  if (seen.offers.includes("result") && sample?.result === undefined) return null;
  return {
    language: how.language,
    value,
    isTemplate: how.isTemplate ?? false,
    input: how.language === "JSONata" ? (sample?.input ?? "{}") : JSON.stringify(seen.input),
    ...(sample?.variables ? { variables: sample.variables } : {}),
    ...(seen.offers.includes("result") && sample?.result ? { result: sample.result } : {}),
    ...(seen.offers.includes("errorOutput") ? { errorOutput: EXAMPLE } : {}),
  };
}

/** Of what a Catch is given. */
const EXAMPLE = JSON.stringify({ Error: "Example.Error", Cause: "example" });
