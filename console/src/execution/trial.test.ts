import { expect, test } from "vitest";
import type { Definition, Execution, VisitData } from "../api/generated/console";
import { made } from "./making";
import { hasFields, type Run, recordedWork, toTest } from "./trial";
import type { Visit } from "./visits";

const EXECUTION: Execution = {
  arn: "arn:aws:states:us-east-1:123456789012:execution:orders:one",
  name: "one",
  machine: "arn:aws:states:us-east-1:123456789012:stateMachine:orders",
  status: "FAILED",
  started: Date.UTC(2026, 10, 30, 8),
  input: { text: '{"n": 1.0}', bytes: 10 },
  revision: "1",
  lastEvent: 9,
  current: [],
};
const REVISION: Definition = {
  text: "{}",
  revision: "1",
  role: "arn:aws:iam::123456789012:role/any",
  created: 0,
  drifted: false,
  machineExists: true,
};
const RUN: Run = { execution: EXECUTION, machine: "orders", revision: REVISION, definition: {}, visits: [] };
const VISIT = made({
  id: 7,
  path: "Ship",
  started: Date.UTC(2026, 10, 30, 8, 0, 1),
  outcome: "Failed",
  attempts: 3,
  error: "Job.Failed",
});
const DATA: VisitData = {
  attempts: [
    { scheduled: 8, error: "Job.Failed", cause: { text: "first", bytes: 5 } },
    { scheduled: 9, error: "Job.Failed", cause: { text: "last", bytes: 4 } },
  ],
  variables: {},
  events: [],
};
const STATE = { definition: '{"States": {}}', input: "{}", variables: "{}" };

test("a step that failed is tried with its last error, as often tried again as it was", () => {
  const asked = toTest(RUN, VISIT, STATE, recordedWork(VISIT, DATA));

  expect(asked).toMatchObject({
    stateName: "Ship",
    mock: { errorOutput: { error: "Job.Failed", cause: "last" } },
    stateConfiguration: { retrierRetryCount: 2 },
  });
});

test("its context is that of the execution, with the input as it was written", () => {
  const { context = "" } = toTest(RUN, VISIT, STATE, recordedWork(VISIT, DATA));

  expect(context).toContain('"Input": {"n": 1.0}');
  expect(JSON.parse(context)).toEqual({
    Execution: {
      Id: EXECUTION.arn,
      Name: "one",
      Input: { n: 1 },
      RoleArn: REVISION.role,
      StartTime: "2026-11-30T08:00:00.000Z",
      RedriveCount: 0,
    },
    State: { Name: "Ship", EnteredTime: "2026-11-30T08:00:01.000Z", RetryCount: 2 },
    StateMachine: { Id: EXECUTION.machine, Name: "orders" },
  });
});

test("of an input that is not known whole the context says nothing", () => {
  const run = { ...RUN, execution: { ...EXECUTION, input: { text: '{"a', bytes: 99_999, cut: true } } };

  expect(
    JSON.parse(toTest(run, VISIT, STATE, recordedWork(VISIT, DATA)).context ?? "").Execution.Input,
  ).toBeUndefined();
});

test("a step that succeeded is tried with its recorded result", () => {
  const visit: Visit = { ...VISIT, outcome: "Succeeded", error: null };
  const data = { ...DATA, attempts: [{ scheduled: 8, result: { text: '{"a": 1}', bytes: 8 } }] };

  expect(toTest(RUN, visit, STATE, recordedWork(visit, data)).mock).toEqual({
    result: '{"a": 1}',
    fieldValidationMode: "NONE",
  });
});

test("a state without work gets neither mock nor context, and a call the role", () => {
  const pass: Visit = { ...VISIT, type: "Pass", error: null };

  expect(toTest(RUN, pass, STATE, recordedWork(pass, { ...DATA, attempts: [] }))).toEqual({
    ...STATE,
    stateName: "Ship",
  });
  expect(toTest(RUN, VISIT, STATE, { work: "call", result: "", error: "", cause: "" })).toEqual({
    ...STATE,
    stateName: "Ship",
    roleArn: REVISION.role,
  });
});

test.each([
  ["Task", "Failed", true],
  ["Choice", "Succeeded", true],
  ["Wait", "Succeeded", false],
  ["Map", "Succeeded", false],
  ["Task", null, false],
] as const)("whether the fields of a %s that is %s can be looked at: %s", (type, outcome, expected) => {
  expect(hasFields({ ...VISIT, type, outcome })).toBe(expected);
});
