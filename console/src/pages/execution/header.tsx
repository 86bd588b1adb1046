import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import type { ReactNode } from "react";
import { aliasOf, nameOf, numberOf } from "../../api/arns";
import type { Definition, Execution } from "../../api/generated/console";
import type { Link } from "../../api/stream";
import { executionsPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { useHere, usePathOf } from "../../shell/here";
import { Duration, Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { words } from "../../words";
import { LinkSign } from "./link_sign";
import { Origin } from "./origin";

interface Props {
  execution: Execution;
  definition: Definition;
  /** Paths of the states that it is in. */
  current: readonly string[];
  link: Link;
  /** What is shown is how it stood at a moment that is over. */
  isPast: boolean;
  /** Buttons. */
  acts: ReactNode;
}

/** What an execution is and how it goes, in one line. */
export function ViewerHeader({ execution, definition, current, link, isPast, acts }: Props) {
  const pathOf = usePathOf();
  const { namespace } = useHere();
  const { started, stopped, status, redrives = 0, labels = [] } = execution;
  // Behind a slash stands which Map of it a child execution is of.
  const [machine] = nameOf(execution.machine).split("/");
  return (
    <header className="viewer-header">
      <div className="title">
        <Anchor className="up" href={pathOf(execution.machine)}>
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
        <Origin execution={execution} />
        {execution.version && (
          <Fact label={words.versions.version}>
            <Anchor href={pathOf(execution.version)}>
              {words.versions.startedBy(numberOf(execution.version), execution.alias ? aliasOf(execution.alias) : null)}
            </Anchor>
          </Fact>
        )}
        {labels.length > 0 && (
          <Fact label={words.viewer.labels}>
            {labels.slice(0, MOST_NAMED).map((label) => (
              <Anchor key={label} className="label" href={executionsPath(namespace, { label })}>
                {label}
              </Anchor>
            ))}
            {labels.length > MOST_NAMED && words.viewer.andMore(labels.length - MOST_NAMED)}
          </Fact>
        )}
        {redrives > 0 && <Fact label={words.viewer.redrives}>{words.viewer.times(redrives)}</Fact>}
        {definition.drifted && <Fact label={words.viewer.revision}>{words.viewer.drifted}</Fact>}
      </dl>
      <LinkSign link={link} isRunning={status === "RUNNING"} isPast={isPast} />
      {acts}
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
