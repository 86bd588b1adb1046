/** What may be written where in an expression: functions, variables, the context object, paths of a recorded input. */
import { FUNCTIONS, type Language } from "../language/fields";
import { follow, names, steps, told } from "./paths";

/** What an expression of a field may read. `input`: what `$` or `$states.input` was when somebody looked; undefined: nobody did. */
export interface Scope {
  language: Language;
  variables: readonly string[];
  input?: unknown;
  result?: unknown;
  /** Which of `result` and `errorOutput` the field has in JSONata. */
  offers: readonly string[];
  /** In JSONPath: whether a function may be called. */
  calls: boolean;
}

export interface Option {
  /** What is written. */
  text: string;
  kind: "function" | "variable" | "context" | "path" | "error";
  /** Beside it: how a function is called, what was there. */
  detail: string;
  help: string;
}

/** `from`: where in the text that begins which the options replace. */
export interface Offered {
  from: number;
  options: Option[];
}

/** `text`: of the expression up to the cursor, without `{%`. Null: nothing is known to fit. */
export function offered(text: string, scope: Scope): Offered | null {
  return scope.language === "JSONata" ? inJsonata(text, scope) : inPath(text, scope);
}

// --- JSONPath ---------------------------------------------------------------------------------------------------------

function inPath(text: string, scope: Scope): Offered | null {
  const token = /(?:^|[\s,(])((?:\$|States\.?)[^\s,()]*|[A-Z]?[A-Za-z]*)$/.exec(text)?.[1] ?? "";
  const from = text.length - token.length;
  const isArgument = text.slice(0, from).includes("(");
  if (token.startsWith("$$")) return within(token, "$$.", from, contextOptions());
  if (token.startsWith("$.") || token.startsWith("$[")) return below(token, "$", from, scope.input);
  const options: Option[] = [];
  if (!isArgument || token !== "") {
    options.push(
      { text: "$.", kind: "path", detail: "", help: "" },
      { text: "$$.", kind: "context", detail: "", help: "" },
    );
    options.push(...variableOptions(scope.variables));
    if (scope.calls) options.push(...functionOptions(FUNCTIONS.intrinsics));
  }
  return some(from, matching(options, token));
}

// --- JSONata ----------------------------------------------------------------------------------------------------------

function inJsonata(text: string, scope: Scope): Offered | null {
  if (isInText(text)) return null;
  const token = /\$[\p{L}\p{N}_$.[\]`' -]*$/u.exec(text)?.[0].replace(/^.*[\s,(]/, "") ?? "";
  const from = text.length - token.length;
  if (token.startsWith("$states.input")) return below(token, "$states.input", from, scope.input);
  if (token.startsWith("$states.result") && scope.offers.includes("result")) {
    return below(token, "$states.result", from, scope.result);
  }
  if (token.startsWith("$states.context.")) return within(token, "$states.context.", from, contextOptions());
  if (token.startsWith("$states.")) return some(from, matching(stateOptions(scope), token));
  if (!token.startsWith("$") && token !== "") return null;
  const options = [
    { text: "$states.input", kind: "path" as const, detail: "", help: FUNCTIONS.states.input ?? "" },
    ...variableOptions(scope.variables),
    ...stateOptions(scope).slice(1),
    ...functionOptions(FUNCTIONS.jsonata),
  ];
  return some(from, matching(options, token));
}

function stateOptions({ offers }: Scope): Option[] {
  const known = Object.entries(FUNCTIONS.states).filter(([name]) => name === "input" || offers.includes(name));
  const found = known.map(([name, help]): Option => ({ text: `$states.${name}`, kind: "path", detail: "", help }));
  return [...found, { text: "$states.context.", kind: "context", detail: "", help: "" }];
}

/** Whether the cursor is in a text between quotes. */
function isInText(text: string): boolean {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    if (quote && letter === "\\") at += 1;
    else if (quote) quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
  }
  return quote !== "";
}

// --- Both -------------------------------------------------------------------------------------------------------------

/** What is below a root, by what was there. */
function below(token: string, root: string, from: number, value: unknown): Offered | null {
  const whole = token.slice(root.length);
  const cut = Math.max(whole.lastIndexOf("."), -1);
  const way = steps(whole.slice(0, Math.max(cut, 0)));
  if (way === null || value === undefined) return token === root ? some(from, [{ ...SELF, text: root }]) : null;
  const held = follow(value, way);
  const first = Array.isArray(held) ? held[0] : held;
  const begin = `${root}${whole.slice(0, Math.max(cut, 0))}`;
  const typed = whole.slice(cut + 1).toLowerCase();
  const options = names(held)
    .filter((name) => name.toLowerCase().startsWith(typed))
    .map((name): Option => {
      const there = (first as Record<string, unknown>)[name];
      return { text: begin + stepTo(name, root), kind: "path", detail: told(there), help: "" };
    });
  return some(
    from,
    options.filter(({ text }) => text !== token),
  );
}

const SELF: Omit<Option, "text"> = { kind: "path", detail: "", help: "" };

function stepTo(name: string, root: string): string {
  if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) return `.${name}`;
  if (root.startsWith("$states")) return `.\`${name}\``;
  return `['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;
}

function within(token: string, root: string, from: number, options: readonly Option[]): Offered | null {
  const rooted = options.map((option) => ({ ...option, text: root + option.text }));
  return some(from, matching(rooted, token));
}

function contextOptions(): Option[] {
  return Object.entries(FUNCTIONS.context).map(([text, help]) => ({ text, kind: "context", detail: "", help }));
}

function variableOptions(variables: readonly string[]): Option[] {
  return variables.map((name) => ({ text: `$${name}`, kind: "variable", detail: "", help: "" }));
}

/** Written with an open bracket, since arguments follow. */
function functionOptions(functions: Readonly<Record<string, { call: string; help: string }>>): Option[] {
  return Object.entries(functions).map(([name, { call, help }]) => ({
    text: call.endsWith("()") ? `${name}()` : `${name}(`,
    kind: "function",
    detail: call.slice(name.length),
    help,
  }));
}

function matching(options: readonly Option[], token: string): Option[] {
  const wanted = token.toLowerCase();
  return options.filter(({ text }) => text.toLowerCase().startsWith(wanted) && text !== token);
}

function some(from: number, options: Option[]): Offered | null {
  return options.length > 0 ? { from, options } : null;
}
