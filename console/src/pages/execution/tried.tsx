import ExpandableSection from "@cloudscape-design/components/expandable-section";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useMemo } from "react";
import type { ErrorDetails, Tested } from "../../api/test_state";
import { JsonView } from "../../data/json_view";
import { type Stage, stagesOf } from "../../execution/stages";
import { stateText } from "../../execution/state_text";
import { words } from "../../words";

const KINDS: Record<Tested["status"], StatusIndicatorProps.Type> = {
  SUCCEEDED: "success",
  FAILED: "error",
  RETRIABLE: "pending",
  CAUGHT_ERROR: "warning",
};

/** What came of a state that was tried. `state`: its text. */
export function Tried({ answer, state }: { answer: Tested; state: string }) {
  const { status, nextState, error, cause, inspectionData = {} } = answer;
  const details = inspectionData.errorDetails as ErrorDetails | undefined;
  return (
    <section className="tried" aria-label={words.trying.came}>
      <div className="verdict">
        <StatusIndicator type={KINDS[status] ?? "info"}>{words.trying.statuses[status] ?? status}</StatusIndicator>
        {nextState !== undefined && <span>{words.trying.next(nextState)}</span>}
      </div>
      {error && <code className="error">{error}</code>}
      {cause && <pre>{cause}</pre>}
      {details && <p>{ruled(details)}</p>}
      <Stages inspected={inspectionData} output={answer.output} state={state} />
    </section>
  );
}

function ruled({ retryIndex, retryBackoffIntervalSeconds: seconds, catchIndex }: ErrorDetails): string {
  if (seconds !== undefined && retryIndex !== undefined) return words.trying.retried(retryIndex + 1, seconds);
  const said = retryIndex === undefined ? [] : [words.trying.usedUp(retryIndex + 1)];
  return [...said, ...(catchIndex === undefined ? [] : [words.trying.caught(catchIndex + 1)])].join(" ");
}

interface StagesProps {
  inspected: Readonly<Record<string, unknown>>;
  output: string | undefined;
  state: string;
}

/** What each field did to the data, one under another; what changed nothing is one line. */
export function Stages({ inspected, output, state }: StagesProps) {
  const stages = useMemo(
    () =>
      stagesOf(inspected, output, stateText(state, "/QueryLanguage") === '"JSONata"' || "afterArguments" in inspected),
    [inspected, output, state],
  );
  return (
    <ol className="stages">
      {stages.map((stage) => (
        <li key={stage.name}>
          <StageView stage={stage} said={stage.field && stateText(state, `/${stage.field}`)} />
        </li>
      ))}
    </ol>
  );
}

function StageView({ stage: { name, field, text, isSame }, said }: { stage: Stage; said: string | null }) {
  const title = field ?? words.trying.stages[name] ?? name;
  if (isSame)
    return (
      <p className="same">
        <strong>{title}</strong> {words.trying.same}
      </p>
    );
  return (
    <ExpandableSection headerText={title} defaultExpanded variant="inline">
      {said && said.length <= LONGEST_SAID && <code className="said">{said}</code>}
      <JsonView text={text} label={title} />
    </ExpandableSection>
  );
}

/** A field that is a path is shown beside what it made; a longer one stands in the definition. */
const LONGEST_SAID = 80;
