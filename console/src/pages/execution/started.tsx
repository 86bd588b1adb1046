import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { executionOf, isExecution, mapRunOf } from "../../api/arns";
import { VIEWED_MILLIS } from "../../api/executions";
import type { VisitData } from "../../api/generated/console";
import { mapRunOf as mapRunOfVisit } from "../../api/map_runs";
import { visitData } from "../../api/visits";
import type { Visit } from "../../execution/visits";
import { Anchor } from "../../shell/anchor";
import { usePathOf } from "../../shell/here";
import { words } from "../../words";
import { isDistributed } from "./iterations";

interface Props {
  execution: string;
  visit: Visit;
  /** Of the state, as JSON. */
  definition: string | null;
}

/** What a visit has started that has a page of its own: executions, and the Map Run of a distributed Map. */
export function Started({ execution, visit, definition }: Props) {
  const mayStart = useMemo(() => starts(JSON.parse(definition ?? "null")), [definition]);
  const { data } = useQuery(mayStart ? whatItStarted(execution, visit) : visitData(execution, visit));
  const hasRun = visit.type === "Map" && isDistributed(definition);
  const { data: run } = useQuery(mapRunOfVisit(execution, hasRun ? data?.events[0] : undefined));
  const pathOf = usePathOf();
  const started = data ? startedBy(data) : [];
  if (!run && !started.length) return null;
  return (
    <dl>
      {run && (
        <>
          <dt>{words.started.mapRun}</dt>
          <dd>
            <Anchor href={pathOf(execution, run)}>{mapRunOf(run).run}</Anchor>
          </dd>
        </>
      )}
      {started.map((arn) => (
        <Child key={arn} arn={arn} />
      ))}
    </dl>
  );
}

function Child({ arn }: { arn: string }) {
  const { machine, name } = executionOf(arn);
  const pathOf = usePathOf();
  return (
    <>
      <dt>{words.started.execution}</dt>
      <dd>
        <Anchor href={pathOf(arn)}>
          {machine} / {name}
        </Anchor>
      </dd>
    </>
  );
}

/** The data of a visit that starts an execution: looked at again until it has. */
export const whatItStarted = (execution: string, visit: Visit) =>
  queryOptions({
    ...visitData(execution, visit),
    refetchInterval: ({ state: { data } }) =>
      visit.outcome === null && data !== undefined && startedBy(data).length === 0 ? VIEWED_MILLIS : false,
  });

/** By the service itself, or by its API. */
const STARTS = /:(states:startExecution|aws-sdk:sfn:start(Sync)?Execution)(\.|$)/;

export const starts = (state: unknown): boolean => {
  const resource = (state as { Resource?: unknown } | null | undefined)?.Resource;
  return typeof resource === "string" && STARTS.test(resource);
};

/** The ARNs of executions that its attempts tell of. */
export function startedBy({ attempts }: VisitData): string[] {
  const found = attempts
    .filter(({ resource }) => resource?.startsWith("startExecution"))
    .flatMap(({ submitted, result }) => [submitted, result].map((text) => arnIn(text?.text)));
  return [...new Set(found.filter(isExecution))];
}

function arnIn(text: string | undefined): unknown {
  try {
    const value = JSON.parse(text ?? "null") as { ExecutionArn?: unknown; executionArn?: unknown } | null;
    return value?.ExecutionArn ?? value?.executionArn;
  } catch {
    return undefined; // it was cut
  }
}
