import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { redriveEach, stopEach } from "../api/acts";
import type { ExecutionRow } from "../api/generated/console";
import { words } from "../words";
import { Dialog } from "./dialog";
import type { SeveralAct } from "./several_acts";
import { useAct } from "./use_act";

interface Props {
  act: SeveralAct;
  rows: readonly ExecutionRow[];
  onClose: () => void;
  /** All of it is done. */
  onDone: () => void;
}

/** Asks once for all. Of each that refuses it is said why; the others are done. */
export function SeveralDialog({ act, rows: now, onClose, onDone }: Props) {
  // Which they are is settled when it is asked: a list that is alive goes on meanwhile.
  const [rows] = useState(now);
  const [cause, explain] = useState("");
  const [done, tell] = useState(0);
  const [refused, refuse] = useState<ReadonlyMap<string, string> | null>(null);
  const arns = rows.map(({ arn }) => arn);
  const acting = useAct(
    () => (act === "stop" ? stopEach(arns, cause, tell) : redriveEach(arns, tell)),
    (those) => (those.size === 0 ? onDone() : refuse(those)),
  );
  const said = rows.filter(({ arn }) => refused?.has(arn));
  return (
    <Dialog
      title={words.several.titles[act](rows.length)}
      {...(refused ? {} : { act: { text: words.several.acts[act](rows.length), acting } })}
      refused={acting.refused?.message ?? null}
      onClose={refused ? onDone : onClose}
    >
      <p>{act === "stop" ? words.acts.stopText : words.several.redriveText}</p>
      {act === "stop" && !refused && (
        <FormField stretch label={words.acts.cause} description={words.acts.causeText}>
          <Textarea rows={2} value={cause} onChange={({ detail }) => explain(detail.value)} />
        </FormField>
      )}
      {acting.isUnderWay && <p role="status">{words.several.progress(done, rows.length)}</p>}
      {said.length > 0 && (
        <Alert type="error" header={words.several.refused(said.length, rows.length)}>
          <ul>
            {said.map(({ arn, name }) => (
              <li key={arn}>
                <strong>{name}</strong>: {refused?.get(arn)}
              </li>
            ))}
          </ul>
        </Alert>
      )}
    </Dialog>
  );
}
