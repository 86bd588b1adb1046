import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAct } from "../../acts/use_act";
import { type Bounds, type MapRun, mapRunKey, updateMapRun } from "../../api/map_runs";
import { useHere } from "../../shell/here";
import { words } from "../../words";
import { changed, faultOf, type Typed, typed } from "./bounds";

const FIELDS: { field: keyof Bounds; label: string; text?: string }[] = [
  { field: "maxConcurrency", label: words.mapRun.concurrency, text: words.mapRun.concurrencyText },
  { field: "toleratedFailureCount", label: words.mapRun.failures, text: words.mapRun.failuresText },
  { field: "toleratedFailurePercentage", label: words.mapRun.percentage },
];

/** The bounds of a Map Run, which may be changed while it runs. */
export function BoundsForm({ run }: { run: MapRun }) {
  const queries = useQueryClient();
  const right = useHere().tenant?.rights.UpdateMapRun;
  const [edits, edit] = useState<Partial<Typed>>({});
  const [isSaved, beSaved] = useState(false);
  const text = { ...typed(run), ...edits };
  const isOver = run.status !== "RUNNING";
  const isForbidden = right !== undefined && !right.allowed;
  const wanted = changed(run, text);
  const isWrong = FIELDS.some(({ field }) => faultOf(field, text[field]));
  const saving = useAct(
    async () => {
      beSaved(false);
      await updateMapRun(run.mapRunArn, wanted);
      await queries.invalidateQueries({ queryKey: mapRunKey(run.mapRunArn) });
    },
    () => {
      edit({});
      beSaved(true);
    },
  );
  return (
    <form
      className="card bounds"
      aria-label={words.mapRun.bounds}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWrong) saving.run();
      }}
    >
      <h2>{words.mapRun.bounds}</h2>
      {FIELDS.map(({ field, label, text: help }) => (
        <FormField key={field} label={label} description={help} errorText={faultOf(field, text[field])}>
          <Input
            inputMode="decimal"
            value={text[field]}
            readOnly={isOver || isForbidden}
            onChange={({ detail }) => edit({ ...edits, [field]: detail.value })}
          />
        </FormField>
      ))}
      {saving.refused && <Alert type="error">{saving.refused.message}</Alert>}
      {isOver ? (
        <p>{words.mapRun.over}</p>
      ) : (
        <div className="buttons">
          <Button
            variant="primary"
            formAction="submit"
            loading={saving.isUnderWay}
            disabled={isForbidden || isWrong || Object.keys(wanted).length === 0}
            {...(isForbidden && right.reason ? { disabledReason: right.reason } : {})}
          >
            {words.mapRun.save}
          </Button>
          {isSaved && <span role="status">{words.mapRun.saved}</span>}
        </div>
      )}
    </form>
  );
}
