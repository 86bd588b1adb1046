import fc from "fast-check";
import { expect, test } from "vitest";
import { eventsOf, NoHistory, statusOf } from "./history_file";
import { tallied, visitsOf } from "./import_history";
import { taken } from "./visits";

const DEFINITION = {
  StartAt: "Check",
  States: {
    Check: {
      Type: "Task",
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Each" }],
      Next: "Done",
    },
    Each: {
      Type: "Map",
      ItemProcessor: { StartAt: "In", States: { In: { Type: "Pass", End: true } } },
      Next: "Both",
    },
    Both: {
      Type: "Parallel",
      Branches: [
        { StartAt: "A", States: { A: { Type: "Pass", End: true } } },
        { StartAt: "B", States: { B: { Type: "Pass", End: true } } },
      ],
      Next: "Done",
    },
    Done: { Type: "Succeed" },
  },
};

type Short = [previous: number, type: string, details?: Record<string, unknown>];

/** Ids and seconds count from 1. */
const history = (...events: Short[]) =>
  eventsOf(
    JSON.stringify({
      events: events.map(([previousEventId, type, details], index) => ({
        id: index + 1,
        previousEventId,
        type,
        timestamp: index + 1,
        ...(details ? { someEventDetails: details } : {}),
      })),
    }),
  );

const entered = (name: string) => ({ name, input: `{"into": "${name}"}` });
const left = (name: string) => ({ name, output: `{"of": "${name}"}` });

const WHOLE = history(
  [0, "ExecutionStarted", { input: "{}" }],
  [1, "TaskStateEntered", entered("Check")],
  [2, "TaskScheduled"],
  [3, "TaskFailed", { error: "Job.Failed", cause: "one" }],
  [4, "TaskScheduled"],
  [5, "TaskTimedOut"],
  [6, "TaskStateExited", left("Check")],
  [7, "MapStateEntered", entered("Each")],
  [8, "MapStateStarted", { length: 2 }],
  [9, "MapIterationStarted", { name: "Each", index: 0 }],
  [9, "MapIterationStarted", { name: "Each", index: 1 }],
  [10, "PassStateEntered", entered("In")],
  [11, "PassStateEntered", entered("In")],
  [12, "PassStateExited", left("In")],
  [14, "MapIterationSucceeded", { name: "Each", index: 0 }],
  [13, "PassStateExited", left("In")],
  [16, "MapIterationSucceeded", { name: "Each", index: 1 }],
  [17, "MapStateSucceeded"],
  [18, "MapStateExited", left("Each")],
  [19, "ParallelStateEntered", entered("Both")],
  [20, "ParallelStateStarted"],
  [21, "PassStateEntered", entered("B")],
  [21, "PassStateEntered", entered("A")],
  [22, "PassStateExited", left("B")],
  [23, "PassStateExited", left("A")],
  [25, "ParallelStateSucceeded"],
  [26, "ParallelStateExited", left("Both")],
  [27, "SucceedStateEntered", entered("Done")],
  [28, "SucceedStateExited", left("Done")],
  [29, "ExecutionSucceeded", { output: "{}" }],
);

test("a history has visits: where, how often tried, with what, and how they ended", () => {
  const visits = visitsOf(WHOLE, DEFINITION);

  expect(visits.map(({ path, outcome, attempts }) => [path, outcome, attempts])).toEqual([
    ["Check", "Caught", 2],
    ["Each", "Succeeded", 1],
    ["Each[0]/In", "Succeeded", 1],
    ["Each[1]/In", "Succeeded", 1],
    ["Both", "Succeeded", 1],
    ["Both[1]/B", "Succeeded", 1],
    ["Both[0]/A", "Succeeded", 1],
    ["Done", "Succeeded", 1],
  ]);
  expect(visits[0]).toMatchObject({ error: "States.Timeout", input: '{"into": "Check"}', output: '{"of": "Check"}' });
  expect(visits[3]?.pointer).toBe("/States/Each/ItemProcessor/States/In");
  expect(statusOf(WHOLE)).toBe("SUCCEEDED");
});

test("ways are those that alone can have led on", () => {
  expect([...taken(visitsOf(WHOLE, DEFINITION))]).toEqual(
    expect.arrayContaining([
      "/StartAt",
      "/States/Check/Catch/0/Next",
      "/States/Each/ItemProcessor/StartAt",
      "/States/Both/Branches/1/StartAt",
      "/States/Both/Next",
    ]),
  );
});

test("without a definition states have names, and no more is said than is known", () => {
  const visits = visitsOf(WHOLE, null);

  expect(visits[0]).toMatchObject({ path: "Check", pointer: "/States/Check", outcome: "Caught" });
  expect(tallied(visits).get("/States/Check")).toEqual({
    Caught: { count: 1, retries: 1, millis: 5_000, longest: 5_000 },
  });
});

test.each([
  ["ExecutionFailed", "Failed", "FAILED"],
  ["ExecutionAborted", "Aborted", "ABORTED"],
  ["ExecutionTimedOut", "TimedOut", "TIMED_OUT"],
])("what was open when %s is %s", (type, outcome, status) => {
  const events = history(
    [0, "ExecutionStarted"],
    [1, "TaskStateEntered", entered("Check")],
    [2, "TaskScheduled"],
    [3, type, { error: "E", cause: "c" }],
  );

  expect(visitsOf(events, DEFINITION)[0]).toMatchObject({ outcome, ended: 4_000 });
  expect(statusOf(events)).toBe(status);
});

test("events that nobody knows are passed over, and stay in the list", () => {
  const events = history(
    [0, "ExecutionStarted"],
    [1, "QuantumStateTeleported", { name: "X" }],
    [2, "TaskStateEntered", entered("Check")],
    [3, "TaskSomethingNew"],
  );

  expect(events).toHaveLength(4);
  expect(visitsOf(events, DEFINITION).map(({ path, outcome }) => [path, outcome])).toEqual([["Check", null]]);
});

test("dates as the CLI prints them, and a bare list, are read, too", () => {
  const [event] = eventsOf('[{"id": 1, "type": "ExecutionStarted", "timestamp": "2026-11-30T07:00:00.125000+00:00"}]');

  expect(event).toEqual({
    id: 1,
    type: "ExecutionStarted",
    previous: 0,
    timestamp: Date.UTC(2026, 10, 30, 7, 0, 0, 125),
  });
});

test.each([
  ["", /It is not JSON/],
  ["{}", /It has no list of events/],
  ["[]", /empty/],
  ['{"events": [{"id": 1}]}', /Event 1 of the list has no id or no type/],
  ['{"events": [{"id": 1, "type": "X"}]}', /Event 1 has no timestamp/],
  ['{"events": [null]}', /Event 1 of the list/],
])("of %j is said why it is not a history", (text, why) => {
  expect(() => eventsOf(text)).toThrow(NoHistory);
  expect(() => eventsOf(text)).toThrow(why);
});

test("whatever events there are, in whatever order, they give visits", () => {
  const types = [
    "TaskStateEntered",
    "TaskStateExited",
    "MapStateEntered",
    "MapIterationStarted",
    "MapIterationFailed",
    "MapStateFailed",
    "ParallelStateEntered",
    "ParallelStateFailed",
    "TaskScheduled",
    "TaskFailed",
    "ExecutionFailed",
    "ExecutionSucceeded",
    "X",
  ];
  const any = fc.array(
    fc.tuple(fc.nat(30), fc.constantFrom(...types), fc.constantFrom("Check", "Each", "Both", "In", "A", "?")),
  );
  fc.assert(
    fc.property(any, (all) => {
      const events = history(
        [0, "ExecutionStarted"],
        ...all.map(([previous, type, name]): Short => [previous, type, { name, index: 0 }]),
      );
      const visits = visitsOf(events, DEFINITION);
      expect(visits).toHaveLength(events.filter(({ type }) => type.endsWith("StateEntered")).length);
    }),
  );
});
