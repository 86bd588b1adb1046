/** What people do to executions, by AWS's operations. Each raises ApiFailure. */
import { ApiFailure, perform } from "./client";
import { queries } from "./queries";

/** AWS's limit for inputs. */
export const LARGEST_INPUT_BYTES = 256 * 1024;

/** Moments are seconds since 1970. */
export interface Begun {
  executionArn: string;
  startDate: number;
}

/** What an Express one answers, which is over when it answers. */
export interface Answered extends Begun {
  status: string;
  output?: string;
  error?: string;
  cause?: string;
}

interface ToStart {
  stateMachineArn: string;
  /** Without one the server finds a name. */
  name?: string;
  input: string;
}

export async function start(wanted: ToStart): Promise<Begun> {
  const begun = await perform<Begun>("StartExecution", wanted);
  await looked("executions", "execution-counts");
  return begun;
}

export const startAndWait = (wanted: ToStart): Promise<Answered> => perform<Answered>("StartSyncExecution", wanted);

export async function stop(wanted: { executionArn: string; error?: string; cause?: string }): Promise<void> {
  await perform("StopExecution", wanted);
  await looked("execution");
}

/** `from`: the state to go on at, with its input as JSON, which AWS does not have. */
export async function redrive(executionArn: string, from?: { state: string; input: string }): Promise<void> {
  await perform("RedriveExecution", { executionArn, ...(from ? { from } : {}) });
  await looked("execution");
}

/** `told`: how many are through. Gives of each that was refused why. */
export const stopEach = (arns: readonly string[], cause: string, told: (done: number) => void) =>
  each(arns, (executionArn) => perform("StopExecution", { executionArn, ...(cause ? { cause } : {}) }), told);

export const redriveEach = (arns: readonly string[], told: (done: number) => void) =>
  each(arns, (executionArn) => perform("RedriveExecution", { executionArn }), told);

const AT_ONCE = 4;

/** Each by itself, as AWS has no operation for several. Who is not logged in any more is not asked about the others. */
async function each(
  arns: readonly string[],
  act: (arn: string) => Promise<unknown>,
  told: (done: number) => void,
): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  const waiting = arns.values();
  let done = 0;
  const work = async () => {
    for (const arn of waiting) {
      try {
        await act(arn);
      } catch (failure) {
        if (!(failure instanceof ApiFailure) || failure.status === 401) throw failure;
        refused.set(arn, failure.message);
      }
      done += 1;
      told(done);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await looked("execution", "executions", "execution-counts");
  }
  return refused;
}

/** All of it; pages get the beginning of a long one. */
export async function inputOf(executionArn: string, signal?: AbortSignal): Promise<string> {
  return (await perform<{ input: string }>("DescribeExecution", { executionArn }, signal)).input;
}

/** What is shown of these is asked for again. */
const looked = (...kinds: string[]) =>
  Promise.all(kinds.map((kind) => queries.invalidateQueries({ queryKey: [kind] })));
