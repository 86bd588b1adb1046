import { redrive } from "../api/acts";
import type { Execution } from "../api/generated/console";
import { words } from "../words";
import { redriving } from "./commands";
import { FoldedCommands } from "./commands_view";
import { Dialog } from "./dialog";
import { useAct } from "./use_act";

/** It calls tasks again, so it is asked for once more. */
export function RedriveDialog({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  const acting = useAct(() => redrive(execution.arn), onClose);
  return (
    <Dialog
      title={words.acts.redriveTitle(execution.name)}
      act={{ text: words.acts.redrive, acting }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      <p>{words.acts.redriveText}</p>
      <FoldedCommands of={redriving(execution.arn, execution.name, execution.redrives ?? 0)} />
    </Dialog>
  );
}
