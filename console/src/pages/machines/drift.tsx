import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { lazy, Suspense, useState } from "react";
import { Dialog } from "../../acts/dialog";
import type { Drift } from "../../api/generated/console";
import { Loading } from "../../shell/broken";
import { words } from "../../words";
import { moment } from "../../words/time";

// It brings an editor along.
const Definitions = lazy(() =>
  import("../../differences/definitions").then((found) => ({ default: found.Definitions })),
);

interface Props {
  drift: Drift;
  /** What keeps it as it stands in Git. */
  managedBy: string;
  /** Its definition now. */
  definition: string;
}

/** Somebody has changed what is kept as it stands in Git: what, who and when, and how it differs. */
export function DriftNotice({ drift, managedBy, definition }: Props) {
  const { fields, applied = null } = drift;
  const [by, at] = [drift.by ?? null, drift.at ?? null];
  const [isShown, show] = useState(false);
  return (
    <>
      <Alert
        type="warning"
        header={words.drift.title(managedBy)}
        {...(applied !== null && {
          action: <Button onClick={() => show(true)}>{words.drift.compare}</Button>,
        })}
      >
        {words.drift.changed(fields, by, at === null ? null : moment(at))}
      </Alert>
      {isShown && applied !== null && (
        <Dialog title={words.drift.title(managedBy)} size="max" onClose={() => show(false)}>
          <div className="differences">
            <Suspense fallback={<Loading />}>
              <Definitions left={applied} right={definition} names={[words.drift.inGit, words.versions.now]} />
            </Suspense>
          </div>
        </Dialog>
      )}
    </>
  );
}
