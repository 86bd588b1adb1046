import { expect, test } from "vitest";
import { first, matches, rulesOf } from "./failure_rules";

test.each([
  [["Job.Failed"], "Job.Failed", true],
  [["Job.Failed"], "Job.Lost", false],
  [["States.ALL"], "Job.Failed", true],
  [["States.ALL"], "States.DataLimitExceeded", false],
  [["States.DataLimitExceeded"], "States.DataLimitExceeded", true],
  [["States.ALL", "States.Runtime"], "States.Runtime", false],
  [["States.TaskFailed"], "Job.Failed", true],
  [["States.TaskFailed"], "States.Timeout", false],
  [["States.TaskFailed"], "States.HeartbeatTimeout", false],
  [["States.Timeout"], "States.Timeout", true],
  [[], "Job.Failed", false],
])("%j names %s: %s", (errors, error, expected) => {
  expect(matches(errors, error)).toBe(expected);
});

test("the first rule that names the error counts", () => {
  const { catchers, retriers } = rulesOf({
    Retry: [{ ErrorEquals: ["A"], MaxAttempts: 0 }, { ErrorEquals: ["States.ALL"] }],
    Catch: [
      { ErrorEquals: ["States.TaskFailed"], Next: "One" },
      { ErrorEquals: ["States.ALL"], Next: "Two" },
    ],
  });

  expect(first(catchers, "B")).toMatchObject({ index: 0, next: "One" });
  expect(first(retriers, "A")).toMatchObject({ index: 0, retries: 0 });
  expect(first(retriers, "B")).toMatchObject({ index: 1, retries: 3 });
});

test.each([null, 1, "x", [], {}, { Retry: 1, Catch: "x" }, { Catch: [null, { ErrorEquals: [1] }] }])(
  "of %j, which is no state, nothing is matched",
  (state) => {
    const { catchers, retriers } = rulesOf(state);

    expect([first(catchers, "A"), first(retriers, "A")]).toEqual([null, null]);
  },
);
