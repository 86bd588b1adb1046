/** Published versions of state machines, and aliases that lead to them, by AWS's operations. What is done raises ApiFailure. */
import { queryOptions } from "@tanstack/react-query";
import { perform } from "./client";
import type { Machine } from "./machines";
import { queries } from "./queries";

/** Moments are seconds since 1970. */
export interface Version {
  stateMachineVersionArn: string;
  creationDate: number;
}

/** `weight`: of 100 executions. */
export interface Route {
  stateMachineVersionArn: string;
  weight: number;
}

export interface Alias {
  stateMachineAliasArn: string;
  name: string;
  description?: string;
  routingConfiguration: Route[];
  creationDate: number;
  updateDate: number;
}

/** As many as are shown. */
export const MOST = 100;

/** The newest of a state machine, by its ARN. */
export const versions = (machine: string) =>
  queryOptions({
    queryKey: ["versions", machine],
    queryFn: async ({ signal }) => {
      const asked = { stateMachineArn: machine, maxResults: MOST };
      return (await perform<{ stateMachineVersions: Version[] }>("ListStateMachineVersions", asked, signal))
        .stateMachineVersions;
    },
  });

/** Those of a state machine, by name. AWS's list has no more than their names. */
export const aliases = (machine: string) =>
  queryOptions({
    queryKey: ["aliases", machine],
    queryFn: async ({ signal }) => {
      const asked = { stateMachineArn: machine, maxResults: MOST };
      const listed = await perform<{ stateMachineAliases: { stateMachineAliasArn: string }[] }>(
        "ListStateMachineAliases",
        asked,
        signal,
      );
      return Promise.all(
        listed.stateMachineAliases.map(({ stateMachineAliasArn }) =>
          perform<Alias>("DescribeStateMachineAlias", { stateMachineAliasArn }, signal),
        ),
      );
    },
  });

/** What a version runs, which never changes. */
export const version = (arn: string) =>
  queryOptions({
    queryKey: ["version", arn],
    queryFn: ({ signal }) => perform<Machine>("DescribeStateMachine", { stateMachineArn: arn }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The ARN of the version: a new one, or one that this revision has already. */
export async function publish(stateMachineArn: string, description: string): Promise<string> {
  const wanted = { stateMachineArn, ...(description ? { description } : {}) };
  const made = await perform<{ stateMachineVersionArn: string }>("PublishStateMachineVersion", wanted);
  await looked();
  return made.stateMachineVersionArn;
}

export interface AliasTold {
  description: string;
  routingConfiguration: Route[];
}

export async function createAlias(name: string, told: AliasTold): Promise<void> {
  await perform("CreateStateMachineAlias", { name, ...told });
  await looked();
}

export async function updateAlias(stateMachineAliasArn: string, told: AliasTold): Promise<void> {
  await perform("UpdateStateMachineAlias", { stateMachineAliasArn, ...told });
  await looked();
}

export async function deleteVersion(stateMachineVersionArn: string): Promise<void> {
  await perform("DeleteStateMachineVersion", { stateMachineVersionArn });
  await looked();
}

export async function deleteAlias(stateMachineAliasArn: string): Promise<void> {
  await perform("DeleteStateMachineAlias", { stateMachineAliasArn });
  await looked();
}

const looked = () =>
  Promise.all([
    queries.invalidateQueries({ queryKey: ["versions"] }),
    queries.invalidateQueries({ queryKey: ["aliases"] }),
  ]);
