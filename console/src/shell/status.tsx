import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { words } from "../words";

const KINDS: Record<string, StatusIndicatorProps.Type> = {
  RUNNING: "in-progress",
  SUCCEEDED: "success",
  FAILED: "error",
  TIMED_OUT: "error",
  ABORTED: "stopped",
  PENDING_REDRIVE: "pending",
  ACTIVE: "success",
  DELETING: "in-progress",
};

const UNDER_WAY = { colorOverride: "blue" } as const;

/** A status of an execution or a state machine. One that is unknown is shown as it came. */
export const Status = ({ of }: { of: string }) => (
  <StatusIndicator type={KINDS[of] ?? "info"} {...(of === "RUNNING" ? UNDER_WAY : {})}>
    {words.status[of] ?? of}
  </StatusIndicator>
);

const OUTCOMES: Record<string, StatusIndicatorProps.Type> = {
  Succeeded: "success",
  Failed: "error",
  TimedOut: "error",
  Caught: "warning",
  Aborted: "stopped",
};

/** How a visit of a state ended; null while it is under way. */
export const OutcomeStatus = ({ of }: { of: string | null }) =>
  of === null ? (
    <StatusIndicator type="in-progress" {...UNDER_WAY}>
      {words.status.RUNNING}
    </StatusIndicator>
  ) : (
    <StatusIndicator type={OUTCOMES[of] ?? "info"}>{words.outcomes[of] ?? of}</StatusIndicator>
  );
