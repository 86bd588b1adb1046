import { describe, expect, test } from "vitest";
import { open, renameState, type Value } from "../../document";
import { tokens } from "../../document/pointer";
import { newConfig } from "../../editing/config";
import { configOperations, type Operation, operations, patch } from "./patch";

const ORDER = `StartAt: Check
States:
  Check: {Type: Pass, Next: Ship}
  Ship:
    Type: Task
    Resource: acme:deliver
    TimeoutSeconds: 60
    Retry: [{ErrorEquals: [States.ALL]}]
    End: true
`;
const definition = (text: string): Value => open(text).definition;

/** As whoever takes a patch does. */
function applied(value: Value, made: readonly Operation[]): unknown {
  const whole = JSON.parse(JSON.stringify({ it: plain(value) })) as Record<string, unknown>;
  for (const operation of made) {
    const names = tokens(operation.path);
    const last = names.pop() ?? "";
    let holder = whole;
    for (const name of names) holder = holder[name] as Record<string, unknown>;
    if (operation.op === "remove") delete holder[last];
    else holder[last] = plain(operation.value);
  }
  return whole.it;
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]) => [name, plain(each)]));
  return Array.isArray(value) ? value.map(plain) : JSON.parse(JSON.stringify(value));
}

describe("a patch", () => {
  test.each([
    ["a number", ORDER.replace("60", "90")],
    ["a field that goes and one that comes", ORDER.replace("TimeoutSeconds: 60", "Comment: quick")],
    ["a longer list", ORDER.replace("[{ErrorEquals: [States.ALL]}]", "[{ErrorEquals: [A]}, {ErrorEquals: [B]}]")],
    ["an item of a list", ORDER.replace("States.ALL", "States.Timeout")],
    ["a renamed state", renameState(open(ORDER), "/States/Ship", "Send / post").document.text],
  ])("of %s makes the one of the other", (_, text) => {
    const [before, after] = [definition(ORDER), definition(text)];

    expect(applied(before, operations(before, after, "/it"))).toEqual(plain(after));
  });

  test("names the place in the StateMachine, and nothing that has stayed", () => {
    expect(JSON.parse(patch(definition(ORDER), definition(ORDER.replace("60", "90"))))).toEqual([
      { op: "replace", path: "/spec/definition/States/Ship/TimeoutSeconds", value: 90 },
    ]);
    expect(patch(definition(ORDER), definition(ORDER))).toBe("[]");
  });
});

describe("what stands beside a definition", () => {
  const config = newConfig("order", "arn:aws:iam::123456789012:role/stepwright");
  const logging = { level: "ERROR", includeExecutionData: true, destinations: [] };
  const changed = {
    ...config,
    roleArn: "arn:aws:iam::123456789012:role/ships",
    loggingConfiguration: logging,
    tracingConfiguration: { enabled: true },
  };

  test("becomes fields of the StateMachine", () => {
    expect(configOperations(config, changed)).toEqual([
      { op: "add", path: "/spec/serviceAccountName", value: "ships" },
      { op: "add", path: "/spec/logging", value: { level: "ERROR", includeExecutionData: true } },
      { op: "add", path: "/spec/tracing", value: { enabled: true } },
    ]);
  });

  test("goes from it, and is none where nothing has changed", () => {
    expect(configOperations(changed, config)).toEqual([
      { op: "remove", path: "/spec/serviceAccountName" },
      { op: "remove", path: "/spec/logging" },
      { op: "add", path: "/spec/tracing", value: { enabled: false } },
    ]);
    expect(configOperations(config, config)).toEqual([]);
  });

  test("comes behind what was changed of the definition", () => {
    const before = definition(ORDER);
    const made = JSON.parse(patch(before, definition(ORDER.replace("60", "5")), configOperations(config, changed)));

    expect(made[0]).toEqual({ op: "replace", path: "/spec/definition/States/Ship/TimeoutSeconds", value: 5 });
    expect(made.length).toBe(4);
  });
});
