/**
 * What was changed, as a JSON Patch (RFC 6902) of the StateMachine: `kubectl patch --type json` and kustomize take it, whatever the
 * manifest in Git looks like.
 */
import { child, type Pointer } from "../../document/pointer";
import { entries, isObject, NumberText, type Value } from "../../document/value";
import { type Config, changedSettings } from "../../editing/config";
import { accountOf } from "../config/accounts";

export type Operation = { op: "add" | "replace"; path: Pointer; value: Value } | { op: "remove"; path: Pointer };

/** From one value to the other; lists are replaced as a whole unless they are as long as before. */
export function operations(before: Value, after: Value, at: Pointer): Operation[] {
  if (isSame(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => operations(item, after[index] ?? null, child(at, index)));
  }
  if (!(before instanceof Map) || !(after instanceof Map)) return [{ op: "replace", path: at, value: after }];
  const gone = [...before.keys()].filter((name) => !after.has(name));
  return [
    ...gone.map((name): Operation => ({ op: "remove", path: child(at, name) })),
    ...[...after].flatMap(([name, value]): Operation[] =>
      before.has(name)
        ? operations(before.get(name) ?? null, value, child(at, name))
        : [{ op: "add", path: child(at, name), value }],
    ),
  ];
}

/** `more`: of what stands beside the definition. */
export const patch = (before: Value, after: Value, more: readonly Plain[] = []): string =>
  JSON.stringify([...operations(before, after, "/spec/definition").map(plain), ...more], null, 2);

/** Of JSON as JavaScript has it. */
export type Plain = { op: "add" | "replace"; path: Pointer; value: unknown } | { op: "remove"; path: Pointer };

/** `add` puts in what is missing, and replaces what is there. */
export function configOperations(before: Config, after: Config): Plain[] {
  const found: Plain[] = [];
  const changed = changedSettings(before, after);
  if (changed.includes("roleArn")) {
    const account = accountOf(after.roleArn);
    const path = "/spec/serviceAccountName";
    found.push(account === null ? { op: "remove", path } : { op: "add", path, value: account });
  }
  if (changed.includes("loggingConfiguration")) {
    const { level, includeExecutionData } = after.loggingConfiguration;
    found.push(
      level === "OFF"
        ? { op: "remove", path: "/spec/logging" }
        : { op: "add", path: "/spec/logging", value: { level, includeExecutionData } },
    );
  }
  if (changed.includes("tracingConfiguration")) {
    found.push({ op: "add", path: "/spec/tracing", value: after.tracingConfiguration });
  }
  return found;
}

/** Numbers of a definition that are more than JavaScript has are seldom, and are seen in the patch. */
const plain = (operation: Operation): Plain =>
  "value" in operation ? { ...operation, value: ofPlain(operation.value) } : operation;

function ofPlain(value: Value): unknown {
  if (value instanceof NumberText) return Number(value.text);
  if (Array.isArray(value)) return value.map(ofPlain);
  return isObject(value)
    ? Object.fromEntries(entries(value).map(([name, each]) => [name, ofPlain(each as Value)]))
    : value;
}

function isSame(a: Value, b: Value): boolean {
  if (a instanceof NumberText || b instanceof NumberText) {
    return a instanceof NumberText && b instanceof NumberText && a.text === b.text;
  }
  return a === b;
}
