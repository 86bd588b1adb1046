/** What came out of a state that was tried: its output or its error, and what each field made of the data. */
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Tested } from "../api/test_state";
import { JsonView } from "../data/json_view";
import { words } from "../words";

interface Props {
  of: Tested;
  /** Null: it leads nowhere, or has failed. */
  onGoOn: (() => void) | null;
}

const TYPES = { SUCCEEDED: "success", FAILED: "error", RETRIABLE: "warning", CAUGHT_ERROR: "warning" } as const;

export function VerdictView({ of, onGoOn }: Props) {
  const { status, output, error, cause, nextState, inspectionData } = of;
  const stages = Object.entries(inspectionData ?? {}).filter(([name]) => words.test.stages[name] !== undefined);
  return (
    <section className="verdict" aria-label={words.test.result}>
      <div className="how">
        <StatusIndicator type={TYPES[status] ?? "info"}>{words.test.statuses[status] ?? status}</StatusIndicator>
        {error !== undefined && <code className="error">{error}</code>}
        {nextState !== undefined && <span>{words.outline.next(nextState)}</span>}
        {onGoOn && nextState !== undefined && (
          <Button formAction="none" onClick={onGoOn} iconName="angle-right" iconAlign="right">
            {words.test.goOn(nextState)}
          </Button>
        )}
      </div>
      {cause !== undefined && <pre className="cause">{cause}</pre>}
      {output !== undefined && <JsonView text={output} label={words.test.output} />}
      {stages.length > 0 && (
        <ExpandableSection headerText={words.test.whatFieldsDid}>
          <ol className="stages">
            {stages.map(([name, value]) => (
              <li key={name}>
                <h4>{words.test.stages[name]}</h4>
                <JsonView
                  text={typeof value === "string" ? value : JSON.stringify(value)}
                  label={words.test.stages[name] ?? name}
                />
              </li>
            ))}
          </ol>
        </ExpandableSection>
      )}
    </section>
  );
}
