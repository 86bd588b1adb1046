/** A state as it is tried by AWS's TestState, and what that shows in the picture. */
import type { Tested, ToTest } from "../api/test_state";
import type { Document, Pointer } from "../document";
import type { Content } from "../document/content";
import { child, last } from "../document/pointer";
import { member } from "../document/value";
import { HABITS } from "../document/write_document";
import { flow } from "../document/write_flow";
import type { Result } from "../editing/results";
import type { Standing } from "../execution/visits";
import type { Graph } from "../graph/of_definition";

/** In the place of what the state would call; texts are JSON, but for error and cause. */
export type Mock =
  | { kind: "none" }
  | { kind: "result"; text: string }
  | { kind: "error"; error: string; cause: string };

export interface Attempt {
  input: string;
  variables: string;
  mock: Mock;
  role: string;
}

/** A Map and a Parallel are tried with a mock only, and so is what does not end with an answer. */
export function mustMock(state: unknown): boolean {
  const type = member(state, "Type");
  const resource = member(state, "Resource");
  const waits = typeof resource === "string" && /\.(sync(:2)?|waitForTaskToken)$|:activity:/.test(resource);
  return type === "Map" || type === "Parallel" || (type === "Task" && waits);
}

export const mayMock = (state: unknown): boolean => ["Task", "Map", "Parallel"].includes(String(member(state, "Type")));

export function trialOf(document: Document, state: Pointer, { input, variables, mock, role }: Attempt): ToTest {
  const definition = flow(document.definition as Content, { json: true, pad: null, habits: HABITS });
  return {
    definition,
    stateName: last(state),
    input,
    ...(variables.trim() ? { variables } : {}),
    ...(member(document.at(state), "Type") === "Task" ? { roleArn: role } : {}),
    ...(mock.kind === "result" ? { mock: { result: mock.text, fieldValidationMode: "NONE" } } : {}),
    ...(mock.kind === "error" ? { mock: { errorOutput: { error: mock.error, cause: mock.cause } } } : {}),
  };
}

const STANDING: Record<Tested["status"], Standing> = {
  SUCCEEDED: "Succeeded",
  FAILED: "Failed",
  RETRIABLE: "Failed",
  CAUGHT_ERROR: "Caught",
};

export function resultOf({ edges }: Graph, state: Pointer, { status, nextState }: Tested): Result {
  const tallies = new Map([[state, { [STANDING[status]]: { count: 1 } }]]);
  const isCaught = status === "CAUGHT_ERROR";
  const own = edges.filter(({ source, kind }) => source === state && (kind === "catch") === isCaught);
  const gone = own.filter(({ kind, target }) =>
    nextState === undefined ? kind === "end" && status === "SUCCEEDED" : target === besides(state, nextState),
  );
  // Of several rules that lead to one state nobody has said which was true.
  return { tallies, taken: new Set(gone.length === 1 ? gone.map(({ id }) => id) : []) };
}

/** Another state of the same scope. */
export const besides = (state: Pointer, name: string): Pointer => child(state.slice(0, state.lastIndexOf("/")), name);
