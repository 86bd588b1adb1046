import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import type { ReactNode } from "react";
import type { Definition, Execution } from "../../api/generated/console";
import { machinePath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { Duration, Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { words } from "../../words";

interface Props {
  execution: Execution;
  namespace: string;
  machine: string;
  definition: Definition;
  /** Paths of the states that it is in. */
  current: readonly string[];
}

/** What an execution is and how it goes, in one line. */
export function ViewerHeader({ execution, namespace, machine, definition, current }: Props) {
  const { started, stopped, status, redrives = 0 } = execution;
  return (
    <header className="viewer-header">
      <div className="title">
        <Anchor className="up" href={machinePath(namespace, machine)}>
          {machine}
        </Anchor>
        <h1>
          {execution.name}
          <CopyToClipboard
            variant="icon"
            textToCopy={execution.arn}
            copyButtonAriaLabel={words.viewer.copyArn}
            copySuccessText={words.viewer.copied}
            copyErrorText={words.viewer.notCopied}
          />
        </h1>
      </div>
      <dl>
        <Fact label={words.viewer.status}>
          <Status of={status} />
        </Fact>
        {current.length > 0 && <Fact label={words.viewer.runningNow}>{listed(current)}</Fact>}
        <Fact label={words.viewer.duration}>
          <Duration from={started} to={stopped ?? null} />
        </Fact>
        <Fact label={words.viewer.started}>
          <Moment at={started} />
        </Fact>
        {redrives > 0 && <Fact label={words.viewer.redrives}>{words.viewer.times(redrives)}</Fact>}
        {definition.drifted && <Fact label={words.viewer.revision}>{words.viewer.drifted}</Fact>}
      </dl>
      {status === "RUNNING" && <span className="live">{words.viewer.live}</span>}
    </header>
  );
}

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
  </div>
);

const MOST_NAMED = 3;

const listed = (names: readonly string[]): string => {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? words.viewer.andMore(more) : "");
};
