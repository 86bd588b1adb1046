import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { stop } from "../api/acts";
import type { Execution } from "../api/generated/console";
import { words } from "../words";
import { stopping } from "./commands";
import { FoldedCommands } from "./commands_view";
import { Dialog } from "./dialog";
import { useAct } from "./use_act";

/** It cannot be undone, so it is asked for once more, with the reason that everybody will see. */
export function StopDialog({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  const [error, name] = useState("");
  const [cause, explain] = useState("");
  const told = { ...(error ? { error } : {}), ...(cause ? { cause } : {}) };
  const acting = useAct(() => stop({ executionArn: execution.arn, ...told }), onClose);
  return (
    <Dialog
      title={words.acts.stopTitle(execution.name)}
      act={{ text: words.acts.stop, acting }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      <p>{words.acts.stopText}</p>
      <FormField stretch label={words.acts.error} description={words.acts.errorText}>
        <Input value={error} onChange={({ detail }) => name(detail.value)} />
      </FormField>
      <FormField stretch label={words.acts.cause} description={words.acts.causeText}>
        <Textarea rows={3} value={cause} onChange={({ detail }) => explain(detail.value)} />
      </FormField>
      <FoldedCommands of={stopping(execution.arn, execution.name, told.error, told.cause)} />
    </Dialog>
  );
}
