import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { UnreadyMachine } from "../../api/generated/console";
import { GlanceFrame, MOST } from "../../lists/glance";
import { editPath } from "../../paths";
import { Anchor } from "../../shell/anchor";
import { useHere, usePathOf } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { words } from "../../words";

/** State machines that are not ready, each with the reason, and one click from the place. Nothing where all are well. */
export function Unready({ machines }: { machines: readonly UnreadyMachine[] }) {
  if (machines.length === 0) return null;
  return (
    <GlanceFrame
      title={words.start.unready}
      count={machines.length}
      className="unready"
      hint={machines.length > MOST && words.start.moreUnready(machines.length - MOST)}
    >
      <ul>
        {machines.slice(0, MOST).map((machine) => (
          <li key={machine.arn}>
            <One of={machine} />
          </li>
        ))}
      </ul>
    </GlanceFrame>
  );
}

function One({ of: { arn, name, unready } }: { of: UnreadyMachine }) {
  const { namespace } = useHere();
  const pathOf = usePathOf();
  const { reason, message, since, pointer } = unready;
  return (
    <>
      <div className="first">
        <Anchor href={pointer ? editPath(namespace, name, pointer) : pathOf(arn)}>{name}</Anchor>
        <StatusIndicator type="warning">{words.machine.reasons[reason] ?? reason}</StatusIndicator>
      </div>
      <div className="second">
        <span>{message}</span>
        <span>
          <Moment at={since} />
        </span>
      </div>
    </>
  );
}
