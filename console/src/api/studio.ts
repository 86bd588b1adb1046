/** What Studio asks beside resources: what is wrong with a text, what one can begin with, and where texts are kept. */
import { queryOptions } from "@tanstack/react-query";
import { change, get, part, perform } from "./client";
import type {
  Blueprints,
  CheckedDefinition,
  CheckedText,
  FileList,
  KeptFile,
  MachineFacts,
  Resources,
  ToCheck,
} from "./generated/console";
import { LIST_MILLIS, type Machine, type Tag } from "./machines";

/** Those of a service of AWS; null: of none. */
export const actions = (service: string | null) =>
  queryOptions({
    queryKey: ["resources", service],
    queryFn: ({ signal }) => get<Resources>("resources", { service }, signal),
    enabled: service !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const blueprints = queryOptions({
  queryKey: ["blueprints"],
  queryFn: ({ signal }) => get<Blueprints>("blueprints", {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Of the first definition in a text; null if it has none. Raises ApiFailure. */
export async function check(given: ToCheck, signal: AbortSignal): Promise<CheckedDefinition | null> {
  const answer = await change("POST", "definitions/check", given, signal);
  return ((await answer.json()) as CheckedText).definitions[0] ?? null;
}

/** As it is stored this moment. Raises ApiFailure. */
export const describe = (arn: string): Promise<Machine> =>
  perform<Machine>("DescribeStateMachine", { stateMachineArn: arn });

export const machineFacts = (arn: string) =>
  queryOptions({
    queryKey: ["machine-facts", arn],
    queryFn: ({ signal }) => get<MachineFacts>(`machines/${part(arn)}`, {}, signal),
    refetchInterval: 2 * LIST_MILLIS,
  });

/** What belongs to one beside its definition; what is left out is as it usually is. */
export type MachineSettings = Pick<Machine, "roleArn"> &
  Partial<Pick<Machine, "loggingConfiguration" | "tracingConfiguration" | "encryptionConfiguration">>;

export interface NewMachine extends MachineSettings {
  name: string;
  type: "STANDARD" | "EXPRESS";
  definition: string;
  tags?: readonly Tag[];
}

/** Its ARN. Raises ApiFailure. */
export async function createMachine(wanted: NewMachine): Promise<string> {
  return (await perform<{ stateMachineArn: string }>("CreateStateMachine", wanted)).stateMachineArn;
}

/** Changes what is given. Raises ApiFailure. */
export async function updateMachine(
  arn: string,
  changed: Partial<MachineSettings> & { definition?: string },
): Promise<void> {
  await perform("UpdateStateMachine", { stateMachineArn: arn, ...changed });
}

/** Raises ApiFailure. */
export async function tagsOf(arn: string): Promise<Tag[]> {
  return (await perform<{ tags: Tag[] }>("ListTagsForResource", { resourceArn: arn })).tags;
}

/** Raises ApiFailure. */
export async function changeTags(arn: string, put: readonly Tag[], gone: readonly string[]): Promise<void> {
  if (put.length > 0) await perform("TagResource", { resourceArn: arn, tags: put });
  if (gone.length > 0) await perform("UntagResource", { resourceArn: arn, tagKeys: gone });
}

/** Of the folder that the server was given to edit. */
export const files = queryOptions({
  queryKey: ["files"],
  queryFn: ({ signal }) => get<FileList>("files", {}, signal),
});

/** Raises ApiFailure: 404 if it is there no more. */
export const readFile = (path: string): Promise<KeptFile> => get<KeptFile>(`files/${part(path)}`);

/** `tag`: of the text that is replaced. Raises ApiFailure: 412 if there is another by now. */
export async function writeFile(path: string, text: string, tag: string | null): Promise<KeptFile> {
  const answer = await change("PUT", `files/${part(path)}`, { text, ...(tag === null ? {} : { tag }) });
  return (await answer.json()) as KeptFile;
}
