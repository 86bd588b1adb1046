import { expect, test } from "vitest";
import { open } from "../document";
import { graphOf } from "../graph/of_definition";
import { mustMock, resultOf, trialOf } from "./trial";

const document = open(`
StartAt: Charge
States:
  Charge:
    Type: Task
    Resource: acme:deliver
    TimeoutSeconds: 60.0
    Catch: [{ErrorEquals: [States.ALL], Next: Lost}]
    Next: Done
  Done: {Type: Succeed}
  Lost: {Type: Fail}
`);
const CHARGE = "/States/Charge";
const attempt = { input: "{}", variables: "", mock: { kind: "none" }, role: "arn" } as const;

test("a state is tried within its machine, with numbers as they are written", () => {
  const trial = trialOf(document, CHARGE, attempt);

  expect(trial.stateName).toBe("Charge");
  expect(trial.definition).toContain('"TimeoutSeconds": 60.0');
  expect(trial.roleArn).toBe("arn");
  expect(trial.mock).toBeUndefined();
  expect(trialOf(document, "/States/Done", attempt).roleArn).toBeUndefined();
});

test("a mock stands in the place of what is called", () => {
  const mock = { kind: "error", error: "Card.Declined", cause: "no money" } as const;

  expect(trialOf(document, CHARGE, { ...attempt, mock }).mock).toEqual({
    errorOutput: { error: "Card.Declined", cause: "no money" },
  });
  expect(mustMock(document.at(CHARGE))).toBe(false);
  expect(mustMock({ Type: "Task", Resource: "arn:aws:states:::ecs:runTask.sync" })).toBe(true);
  expect(mustMock({ Type: "Map" })).toBe(true);
});

test("the picture shows how the state stands, and the way that was gone", () => {
  const graph = graphOf(document.definition);
  const caught = resultOf(graph, CHARGE, { status: "CAUGHT_ERROR", nextState: "Lost" });
  const done = resultOf(graph, "/States/Done", { status: "SUCCEEDED" });

  expect(caught.tallies.get(CHARGE)).toEqual({ Caught: { count: 1 } });
  expect([...caught.taken]).toEqual([`${CHARGE}/Catch/0/Next`]);
  expect([...done.taken]).toEqual(["/States/Done/End"]);
  expect([...resultOf(graph, CHARGE, { status: "FAILED" }).taken]).toEqual([]);
});
