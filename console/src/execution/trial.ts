/** A visit as TestState can do it again: what is known of it, put into what TestState takes. */
import type { Definition, Execution, VisitData } from "../api/generated/console";
import type { ToTest } from "../api/test_state";
import { last } from "../document/pointer";
import type { Visit } from "./visits";

/** An execution with what it runs and what it did, as far as that was fetched. */
export interface Run {
  execution: Execution;
  /** Name of its state machine. */
  machine: string;
  revision: Definition;
  /** The revision's text as a value. */
  definition: unknown;
  visits: readonly Visit[];
}

/** What is to stand in for the work of a state. `call`: nothing does, it is really called. `none`: it has no work. */
export type Work = "result" | "error" | "call" | "none";

const WORKS: Record<string, Work[]> = {
  Task: ["result", "error", "call"],
  Map: ["result", "error"],
  Parallel: ["result", "error"],
};

export const worksOf = (type: string): Work[] => WORKS[type] ?? ["none"];

/** How the work of a visit went. `result` is JSON. */
export interface Gave {
  work: Work;
  result: string;
  error: string;
  cause: string;
}

export function recordedWork(visit: Visit, data: VisitData): Gave {
  const attempt = data.attempts.at(-1);
  const works = worksOf(visit.type);
  const error = attempt?.error ?? visit.error ?? "";
  return {
    work: error && works.includes("error") ? "error" : (works[0] ?? "none"),
    result: attempt?.result?.text ?? "null",
    error,
    cause: attempt?.cause?.text ?? "",
  };
}

/** `definition`: the whole, in which the visit's state is. */
export function toTest(
  run: Run,
  visit: Visit,
  { definition, input, variables }: { definition: string; input: string; variables: string },
  { work, result, error, cause }: Gave,
): ToTest {
  const stateName = last(visit.pointer);
  const state = { definition, stateName, input, variables };
  if (work === "none") return state;
  if (work === "call") return { ...state, roleArn: run.revision.role };
  const context = contextOf(run, visit, stateName);
  if (work === "result") return { ...state, context, mock: { result, fieldValidationMode: "NONE" } };
  const stateConfiguration = { retrierRetryCount: retriesOf(visit) };
  return { ...state, context, mock: { errorOutput: { error, cause } }, stateConfiguration };
}

/** Whether what its fields did can be found out: a Wait would really wait, and nothing is known of what others gave back. */
export function hasFields({ type, outcome }: Visit): boolean {
  return outcome !== null && !["Wait", "Map", "Parallel"].includes(type);
}

/** JSON of the context object that the state saw; without the execution's input where only its beginning is known. */
export function contextOf({ execution, machine, revision }: Run, visit: Visit, state: string): string {
  const moment = (millis: number) => new Date(millis).toISOString();
  const { arn, name, started, input, redrives = 0 } = execution;
  const json = JSON.stringify;
  const ofExecution = [
    `"Id": ${json(arn)}`,
    `"Name": ${json(name)}`,
    ...(input.cut ? [] : [`"Input": ${input.text}`]),
    `"RoleArn": ${json(revision.role)}`,
    `"StartTime": ${json(moment(started))}`,
    `"RedriveCount": ${redrives}`,
  ];
  const rest = {
    State: { Name: state, EnteredTime: moment(visit.started), RetryCount: retriesOf(visit) },
    StateMachine: { Id: execution.machine, Name: machine },
  };
  // Put together as text, so that numbers of the input stay as they are written.
  return `{"Execution": {${ofExecution.join(", ")}}, ${json(rest).slice(1)}`;
}

/** How often it had been tried again before its last attempt. */
const retriesOf = ({ attempts }: Visit): number => Math.max(0, attempts - 1);
