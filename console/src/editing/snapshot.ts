/** What views of a session show, and what is wrong with it, with places in the text. */
import type { CheckedDefinition, Finding } from "../api/generated/console";
import type { Document, Pointer, Problem, Value } from "../document";
import { languageOf } from "../document/acts/language";
import { Lines } from "../document/lines";
import { child } from "../document/pointer";
import { type Graph, graphOf } from "../graph/of_definition";
import type { Beside } from "./beside";
import type { Config } from "./config";

/** An error or a warning. `pointer`: in the definition; null if the text cannot be read there. `line` counts from 1. */
export interface Trouble {
  severity: "error" | "warning";
  message: string;
  pointer: Pointer | null;
  /** The field of what is at `pointer` that is meant: it is missing, or should not be there. */
  member: string | null;
  from: number;
  to: number;
  line: number;
}

/** Said to the person, until something else is done. `refused`: nothing was changed. */
export interface Notice {
  kind: "refused" | "note";
  text: string;
}

/** All that follows from a text that can be read. */
export interface Shown {
  /** The last text that could be read: what picture, outline and forms show. */
  document: Document;
  /** Its definition. */
  value: Value;
  graph: Graph;
  /** Of states that do not say their own. */
  language: "JSONPath" | "JSONata";
  /** In the order of the text. */
  problems: readonly Trouble[];
  /** Why the text cannot be read: then `document` is older than it, and only the text can be edited. */
  broken: Trouble | null;
}

/** Another one with each change; what has not changed in it is the same object. `selected` need not be there any more. */
export interface Snapshot extends Shown, Beside {
  /** What the server said last: variables, Resources and what lacks; of a text that may be a little older. */
  checked: CheckedDefinition | null;
  /** The configuration as it is stored; null where there is none. */
  storedConfig: Config | null;
  /** Why nothing can be changed. */
  readOnly: string | null;
  isDirty: boolean;
  /** What undo would take back, and redo do again. */
  undoes: string | null;
  redoes: string | null;
  notice: Notice | null;
}

/** `before`: a graph that is kept if nothing in the picture has changed, since it need not be laid out again. */
export function shownOf(document: Document, checked: CheckedDefinition | null, before: Graph | null): Shown {
  const value = document.definition;
  const drawn = graphOf(value);
  const broken = brokenIn(document);
  return {
    document,
    value,
    graph: before && JSON.stringify(before) === JSON.stringify(drawn) ? before : drawn,
    language: languageOf(value),
    problems: troublesOf(document, checked, broken),
    broken,
  };
}

export function brokenIn({ problems }: Document): Trouble | null {
  const error = problems.find(({ severity }) => severity === "error");
  return error ? inText(error) : null;
}

/** What the text itself has, and what was found in the definition, where that is now. */
export function troublesOf(
  document: Document,
  checked: CheckedDefinition | null,
  broken: Trouble | null,
): readonly Trouble[] {
  if (broken) return [broken];
  const lines = new Lines(document.text);
  const found = (checked?.findings ?? []).map((finding) => inDefinition(document, lines, finding));
  return [...document.problems.map(inText), ...found].sort((a, b) => a.from - b.from);
}

function inText({ severity, message, from, to, line }: Problem): Trouble {
  return { severity, message, pointer: null, member: null, from, to, line };
}

/** Of an object only its first line is marked, or all of it would be. */
function inDefinition(
  document: Document,
  lines: Lines,
  { severity, message, pointer, member: field }: Finding,
): Trouble {
  const own = field === undefined ? null : document.rangeOf(child(pointer, field));
  const { from, to } = own ?? document.rangeOf(pointer) ?? { from: 0, to: 0 };
  const end = document.text.indexOf("\n", from);
  return {
    severity: severity === "ERROR" ? "error" : "warning",
    message,
    pointer,
    member: field ?? null,
    from,
    to: end < 0 ? to : Math.min(to, end),
    line: lines.at(from).line,
  };
}
