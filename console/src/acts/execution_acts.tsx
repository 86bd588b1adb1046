import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { lazy, Suspense, useState } from "react";
import type { Execution } from "../api/generated/console";
import { words } from "../words";
import { useRight } from "./rights";
import "./acts.css";

// What is asked before something is done is fetched when it is asked.
const StartDialog = lazy(() => import("./start_dialog").then((found) => ({ default: found.StartDialog })));
const StopDialog = lazy(() => import("./stop_dialog").then((found) => ({ default: found.StopDialog })));
const RedriveDialog = lazy(() => import("./redrive_dialog").then((found) => ({ default: found.RedriveDialog })));
const ExportDialog = lazy(() => import("./export_dialog").then((found) => ({ default: found.ExportDialog })));
const CommandsDialog = lazy(() => import("./commands_dialog").then((found) => ({ default: found.CommandsDialog })));

type Asked = "start" | "stop" | "redrive" | "export" | "commands";

interface Props {
  execution: Execution;
  /** Asks with which other execution this one is to be compared. */
  onCompare: () => void;
}

/** What can be done to an execution. */
export function ExecutionActs({ execution, onCompare }: Props) {
  const [asked, ask] = useState<Asked | null>(null);
  const rights = { start: useRight("StartExecution", execution.machine), stop: useRight("StopExecution") };
  const isRunning = execution.status === "RUNNING";
  // Its Map Run alone begins it, and it runs a part of its state machine.
  const isChild = execution.mapRun !== undefined;
  const close = () => ask(null);
  return (
    <div className="acts">
      {isRunning && (
        <Button onClick={() => ask("stop")} {...rights.stop}>
          {words.acts.stop}
        </Button>
      )}
      <RedriveButton execution={execution} onClick={() => ask("redrive")} />
      {!isChild && (
        <Button onClick={() => ask("start")} {...rights.start}>
          {words.acts.again}
        </Button>
      )}
      <ButtonDropdown
        variant="icon"
        ariaLabel={words.acts.more}
        items={[
          ...(isChild ? [] : [{ id: "compare", text: words.acts.compare }]),
          { id: "export", text: words.acts.export },
          { id: "commands", text: words.acts.asCommand },
        ]}
        onItemClick={({ detail }) => (detail.id === "compare" ? onCompare() : ask(detail.id as Asked))}
      />
      <Suspense fallback={null}>
        {asked === "start" && <StartDialog machine={execution.machine} like={execution.arn} onClose={close} />}
        {asked === "stop" && <StopDialog execution={execution} onClose={close} />}
        {asked === "redrive" && <RedriveDialog execution={execution} onClose={close} />}
        {asked === "export" && <ExportDialog execution={execution} onClose={close} />}
        {asked === "commands" && <CommandsDialog execution={execution} onClose={close} />}
      </Suspense>
    </div>
  );
}

/** Only for one that has ended without success; the reason stands on it if it cannot go on. */
function RedriveButton({ execution, onClick }: { execution: Execution; onClick: () => void }) {
  const right = useRight("RedriveExecution");
  const { redrivable = false, notRedrivable, status } = execution;
  if (status === "RUNNING" || status === "SUCCEEDED") return null;
  const why = redrivable ? right : { disabled: true, ...(notRedrivable ? { disabledReason: notRedrivable } : {}) };
  return (
    <Button onClick={onClick} {...why}>
      {words.acts.redrive}
    </Button>
  );
}
