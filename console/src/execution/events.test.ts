import { expect, test } from "vitest";
import { isFailure, stateOf, summaryOf } from "./events";

const event = (type: string, details: Record<string, unknown>) => ({ type, details });

test("the state of an event is the one that was entered or left", () => {
  expect(stateOf(event("TaskStateEntered", { name: "Ship", input: "{}" }))).toBe("Ship");
  expect(stateOf(event("TaskScheduled", { resource: "k8s:job" }))).toBe("");
});

test("an error comes first in what is shown of an event", () => {
  const found = summaryOf(event("TaskFailed", { resource: "k8s:job", cause: "exit code 1", error: "Job.Failed" }));

  expect(found).toBe("error: Job.Failed  cause: exit code 1  resource: k8s:job");
});

test("a very long cause is cut", () => {
  expect(summaryOf(event("TaskFailed", { cause: "x".repeat(10_000) })).length).toBeLessThan(200);
});

test("an event of a type that nobody knows has a line all the same", () => {
  expect(summaryOf({ type: "TaskTeleported" })).toBe("");
  expect(isFailure("TaskTeleported")).toBe(false);
});
