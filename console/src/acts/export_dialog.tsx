import Alert from "@cloudscape-design/components/alert";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import { useEffect, useState } from "react";
import { exported } from "../api/export";
import type { Execution } from "../api/generated/console";
import { fileNameOf, save } from "../shell/save";
import { words } from "../words";
import { Dialog } from "./dialog";

/** Fetches the whole history and hands it to the browser as a file. */
export function ExportDialog({ execution, onClose }: { execution: Execution; onClose: () => void }) {
  const [newest, tell] = useState(0);
  const [ended, end] = useState<{ error: string | null } | null>(null);
  const { arn, name, lastEvent } = execution;
  useEffect(() => {
    const stop = new AbortController();
    exported(arn, tell, stop.signal).then(
      (pieces) => {
        save(fileNameOf(name, "history.json"), pieces);
        end({ error: null });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) end({ error: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => stop.abort();
  }, [arn, name]);
  const part = ended && !ended.error ? 100 : Math.min(99, (newest / Math.max(1, lastEvent)) * 100);
  return (
    <Dialog title={words.acts.exportTitle(name)} onClose={onClose}>
      <p>{words.acts.exportText}</p>
      {ended?.error ? (
        <Alert type="error" header={words.acts.refused}>
          {ended.error}
        </Alert>
      ) : (
        <ProgressBar
          value={part}
          label={words.acts.events(newest)}
          status={ended ? "success" : "in-progress"}
          resultText={words.acts.exportDone(fileNameOf(name, "history.json"))}
        />
      )}
    </Dialog>
  );
}
