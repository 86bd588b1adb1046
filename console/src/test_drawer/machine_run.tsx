/** Runs the state machine as it is stored, and shows in the picture how it goes. */
import Alert from "@cloudscape-design/components/alert";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { perform } from "../api/client";
import { execution as executionQuery } from "../api/executions";
import { useStream } from "../api/live";
import { hearingExecution } from "../api/live_execution";
import { useVisits } from "../api/visits";
import { JsonView } from "../data/json_view";
import { inputs } from "../editing/inputs";
import { results } from "../editing/results";
import { useSession } from "../editing/use_session";
import { taken } from "../execution/visits";
import { Anchor } from "../shell/anchor";
import { usePathOf } from "../shell/here";
import { Status } from "../shell/status";
import { words } from "../words";
import { DataField, problemOf } from "./data_field";
import { SavedInputs } from "./saved_inputs";
import { TrialForm } from "./trial_form";

interface Props {
  /** Why it cannot be run; null if it can. */
  forbidden: string | null;
}

/** Of the machine in what is kept of inputs. */
const WHOLE = "";

export function MachineRun({ forbidden }: Props) {
  const { now, machine } = useSession();
  const [input, write] = useState(() => inputs.last(machine, WHOLE) ?? "{}");
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => perform<{ executionArn: string }>("StartExecution", { stateMachineArn: machine, input }),
    onMutate: () => inputs.tried(machine, WHOLE, input),
  });
  const cannot = machine === null ? words.test.saveFirst : now.isDirty ? words.test.saveChanges : forbidden;
  return (
    <TrialForm
      label={words.test.machine}
      given={
        <DataField
          label={words.test.input}
          text={input}
          onChange={write}
          beside={<SavedInputs machine={machine} text={input} onChoose={write} />}
        />
      }
      button={words.test.run}
      hint={cannot ?? words.test.keys}
      isWrong={problemOf(input) !== null}
      isPending={isPending}
      cannot={cannot}
      onRun={mutate}
      error={error}
      outcome={data ? <Running key={data.executionArn} arn={data.executionArn} /> : null}
      nothing={words.test.nothingRun}
    />
  );
}

/** How it stands, followed until it has ended. */
function Running({ arn }: { arn: string }) {
  const pathOf = usePathOf();
  const link = useStream(`execution:${arn}`, hearingExecution);
  const { data: execution, error } = useQuery(executionQuery(arn, link));
  const { visits, tallies } = useVisits(arn, execution?.redrives ?? 0, link, true);
  const gone = useMemo(() => taken(visits), [visits]);
  useEffect(() => results.show({ tallies, taken: gone }), [tallies, gone]);
  if (error && !execution) return <Alert type="error">{error.message}</Alert>;
  return (
    <section className="verdict" aria-label={words.test.result}>
      <div className="how">
        <Status of={execution?.status ?? "RUNNING"} />
        {execution?.error && <code className="error">{execution.error}</code>}
        <Anchor href={pathOf(arn)}>{words.test.openExecution}</Anchor>
      </div>
      {execution?.cause && <pre className="cause">{execution.cause}</pre>}
      {execution?.output && <JsonView text={execution.output.text} label={words.test.output} />}
    </section>
  );
}
