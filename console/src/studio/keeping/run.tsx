/** Runs what is stored; what is not stored yet is stored first. */
import Button from "@cloudscape-design/components/button";
import { lazy, Suspense, useState } from "react";
import { useRight } from "../../acts/rights";
import { words } from "../../words";

const StartDialog = lazy(async () => ({ default: (await import("../../acts/start_dialog")).StartDialog }));

interface Props {
  machine: string;
  isStored: boolean;
  /** Whether it is stored then; null: it is not saved here. */
  save: (() => Promise<boolean>) | null;
}

export function Run({ machine, isStored, save }: Props) {
  const [isAsked, ask] = useState(false);
  const begin = async () => {
    if (isStored || save === null || (await save())) ask(true);
  };
  const label = isStored ? words.studio.run : save ? words.studio.saveAndRun : words.studio.runStored;
  return (
    <>
      <span className="steady wide">
        <Button fullWidth variant="primary" onClick={() => void begin()} {...useRight("StartExecution", machine)}>
          {label}
        </Button>
      </span>
      <Suspense>{isAsked && <StartDialog machine={machine} onClose={() => ask(false)} />}</Suspense>
    </>
  );
}
