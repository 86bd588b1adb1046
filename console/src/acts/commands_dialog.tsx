import type { Execution } from "../api/generated/console";
import { words } from "../words";
import { describing, readingHistory } from "./commands";
import { Commands } from "./commands_view";
import { Dialog } from "./dialog";

/** How programs and terminals see the same execution. */
export const CommandsDialog = ({ execution, onClose }: { execution: Execution; onClose: () => void }) => (
  <Dialog title={words.acts.asCommand} size="large" onClose={onClose}>
    <h3 className="of-commands">{words.acts.describe}</h3>
    <Commands of={describing(execution.arn, execution.name)} />
    <h3 className="of-commands">{words.acts.readHistory}</h3>
    <Commands of={readingHistory(execution.arn)} />
  </Dialog>
);
