import { expect, test } from "vitest";
import { stagesOf } from "./stages";

test("each field is shown with what it made, and whether that is new", () => {
  const stages = stagesOf(
    {
      afterResultPath: '{"a": 1, "r": {"n": 2}}',
      input: '{"a": 1}',
      afterInputPath: '{"a":1}',
      afterParameters: '{"x": 1}',
      result: '{"n": 2}',
      afterResultSelector: '{"n": 2}',
      errorDetails: { retryIndex: 0 },
      maxConcurrency: 3,
    },
    '{"a": 1, "r": {"n": 2}}',
    false,
  );

  expect(stages.map(({ name, field, isSame }) => [name, field, isSame])).toEqual([
    ["input", null, false],
    ["afterInputPath", "InputPath", true],
    ["afterParameters", "Parameters", false],
    ["result", null, false],
    ["afterResultSelector", "ResultSelector", true],
    ["afterResultPath", "ResultPath", false],
    ["output", "OutputPath", true],
  ]);
});

test("variables are not a step of the data", () => {
  const stages = stagesOf({ input: "1", variables: '{"v": 1}' }, "1", true);

  expect(stages.map(({ field, isSame }) => [field, isSame])).toEqual([
    [null, false],
    ["Assign", false],
    ["Output", true],
  ]);
});
