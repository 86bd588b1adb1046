import { expect, test } from "vitest";
import type { Attempt, VisitData } from "../../api/generated/console";
import { hasIterations, isDistributed } from "./iterations";
import { parentIn } from "./origin";
import { startedBy } from "./started";

const CHILD = "arn:aws:states:us-east-1:123456789012:execution:ship:one";
const text = (value: unknown) => ({ text: JSON.stringify(value), bytes: 1 });
const data = (...attempts: Attempt[]): VisitData => ({ attempts, variables: {}, events: [] });

test("executions that a state has started are found, each once, whether it waited for them or not", () => {
  expect(startedBy(data({ scheduled: 3, resource: "startExecution", result: text({ ExecutionArn: CHILD }) }))).toEqual([
    CHILD,
  ]);
  const waited = { submitted: text({ ExecutionArn: CHILD }), result: text({ ExecutionArn: CHILD, Output: {} }) };
  expect(startedBy(data({ scheduled: 3, resource: "startExecution.sync:2", ...waited }))).toEqual([CHILD]);
});

test("what another task answers is no link, whatever it looks like", () => {
  expect(startedBy(data({ scheduled: 3, resource: "invoke", result: text({ ExecutionArn: CHILD }) }))).toEqual([]);
  const hostile = text({ ExecutionArn: "javascript:alert(1)" });
  expect(startedBy(data({ scheduled: 3, resource: "startExecution", result: hostile }))).toEqual([]);
  const cut = { text: '{"ExecutionArn": "arn:', bytes: 99, cut: true };
  expect(startedBy(data({ scheduled: 3, resource: "startExecution", result: cut }))).toEqual([]);
});

test("an execution that another one has started leads back to it, where its input says so", () => {
  expect(parentIn(JSON.stringify({ AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: CHILD }))).toBe(CHILD);
  expect(parentIn('{"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": 3}')).toBeNull();
  expect(parentIn('["cut')).toBeNull();
});

test("iterations of a distributed Map are executions, those of others are looked at here", () => {
  const definition = JSON.stringify({ ItemProcessor: { ProcessorConfig: { Mode: "DISTRIBUTED" } } });
  const map = { type: "Map" } as Parameters<typeof hasIterations>[0];

  expect(isDistributed(definition)).toBe(true);
  expect(hasIterations(map, definition)).toBe(false);
  expect(hasIterations(map, "{}")).toBe(true);
  expect(hasIterations({ ...map, type: "Task" }, "{}")).toBe(false);
});
