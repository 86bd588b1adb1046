import { useQuery } from "@tanstack/react-query";
import { executionOf, isExecution } from "../../api/arns";
import type { Execution } from "../../api/generated/console";
import { mapRun as mapRunQuery } from "../../api/map_runs";
import { Anchor } from "../../shell/anchor";
import { usePathOf } from "../../shell/here";
import { words } from "../../words";

/** By what an execution was started: a Map Run, or another execution that says so in the input, as AWS has it. */
export function Origin({ execution: { mapRun, input } }: { execution: Execution }) {
  const parent = parentIn(input.text);
  const pathOf = usePathOf();
  if (mapRun) return <OfMapRun arn={mapRun} />;
  if (!parent) return null;
  const { machine, name } = executionOf(parent);
  return (
    <div>
      <dt>{words.started.by}</dt>
      <dd>
        <Anchor href={pathOf(parent)}>
          {machine} / {name}
        </Anchor>
      </dd>
    </div>
  );
}

function OfMapRun({ arn }: { arn: string }) {
  const { data } = useQuery(mapRunQuery(arn, "live"));
  const pathOf = usePathOf();
  if (!data) return null;
  return (
    <div>
      <dt>{words.mapRun.of}</dt>
      <dd>
        <Anchor href={pathOf(data.executionArn, arn)}>{executionOf(data.executionArn).name}</Anchor>
      </dd>
    </div>
  );
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html */
export function parentIn(input: string): string | null {
  try {
    const value = JSON.parse(input) as { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID?: unknown } | null;
    const found = value?.AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID;
    return isExecution(found) ? found : null;
  } catch {
    return null; // it was cut
  }
}
