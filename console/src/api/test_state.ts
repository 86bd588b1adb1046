/** TestState: what one state does with an input, by itself. */
import { perform } from "./client";

export interface ToTest {
  /** A whole definition, in which `stateName` is, at any depth. */
  definition: string;
  stateName: string;
  input: string;
  /** For a task that is really called. */
  roleArn?: string;
  /** JSON of an object: what stands in variables. */
  variables?: string;
  /** JSON of a context object; only with a mock. */
  context?: string;
  /** What stands in for the work of the state: one of the two. */
  mock?: { result?: string; errorOutput?: { error: string; cause?: string }; fieldValidationMode?: "NONE" };
  stateConfiguration?: { retrierRetryCount?: number };
}

export interface Tested {
  status: "SUCCEEDED" | "FAILED" | "RETRIABLE" | "CAUGHT_ERROR";
  output?: string;
  error?: string;
  cause?: string;
  nextState?: string;
  /** JSON texts by stage, numbers of a Map, and which retrier and catcher matched. */
  inspectionData?: Record<string, string | number | ErrorDetails>;
}

export interface ErrorDetails {
  retryIndex?: number;
  retryBackoffIntervalSeconds?: number;
  catchIndex?: number;
}

/** Raises ApiFailure. */
export const testState = (wanted: ToTest, signal?: AbortSignal): Promise<Tested> =>
  perform<Tested>("TestState", { ...wanted, inspectionLevel: "DEBUG" }, signal);
