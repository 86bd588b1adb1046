import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense, useState } from "react";
import type { ExecutionRow } from "../api/generated/console";
import { words } from "../words";
import { useRight } from "./rights";

const SeveralDialog = lazy(() => import("./several_dialog").then((found) => ({ default: found.SeveralDialog })));

export const ACTS = ["stop", "redrive"] as const;
export type SeveralAct = (typeof ACTS)[number];

const FITTING: Record<SeveralAct, ReadonlySet<string>> = {
  stop: new Set(["RUNNING"]),
  redrive: new Set(["FAILED", "TIMED_OUT", "ABORTED"]),
};

/** What can be done to several executions at once, to those of them that it is for. */
export function SeveralActs({ rows, onEnd }: { rows: readonly ExecutionRow[]; onEnd: () => void }) {
  const [asked, ask] = useState<SeveralAct | null>(null);
  const rights = { stop: useRight("StopExecution"), redrive: useRight("RedriveExecution") };
  const fitting = (act: SeveralAct) => rows.filter(({ status }) => FITTING[act].has(status));
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        <Button variant="link" onClick={onEnd}>
          {words.several.end}
        </Button>
        {ACTS.map((act) => {
          const count = fitting(act).length;
          return (
            <Button key={act} disabled={count === 0} {...rights[act]} onClick={() => ask(act)}>
              {words.several.acts[act](count)}
            </Button>
          );
        })}
      </SpaceBetween>
      <Suspense fallback={null}>
        {asked && <SeveralDialog act={asked} rows={fitting(asked)} onClose={() => ask(null)} onDone={onEnd} />}
      </Suspense>
    </>
  );
}
