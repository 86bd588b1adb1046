/** A text in Studio that is kept somewhere, with all that has to do with that: saving, merging, taking a patch away. */
import Button from "@cloudscape-design/components/button";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { convert, lostByConversion, open } from "../../document";
import { useSnapshot } from "../../editing/use_session";
import { words } from "../../words";
import { Studio } from "../studio";
import type { ToolbarProps } from "../toolbar";
import { Discard } from "./discard";
import { type Home, readable } from "./home";
import { type Opened, useDraft } from "./opening";
import { useSaveKey } from "./save_key";
import { useSaving } from "./saving";
import { stateOf } from "./state";

const CopyPatch = lazy(async () => ({ default: (await import("./copy_patch")).CopyPatch }));
const Lost = lazy(async () => ({ default: (await import("./lost")).Lost }));
const ConflictView = lazy(async () => ({ default: (await import("./conflict")).ConflictView }));

interface Props extends Pick<ToolbarProps, "title" | "up"> {
  home: Home;
  opened: Opened;
  machine: string | null;
  /** What keeps it as it stands elsewhere: then it is not saved here. */
  managedBy?: string | null;
  /** What else can be done with it, given whether all is stored; `save` says whether it is then (null: it is not saved here). */
  more?: (isStored: boolean, save: (() => Promise<boolean>) | null) => ReactNode;
}

export function Kept({ home, opened, machine, managedBy = null, title, up, more }: Props) {
  const { session, restored } = opened;
  const now = useSnapshot(session);
  const { base, isSaving, theirs, save, leave } = useSaving(home, session, opened.base);
  const [losing, lose] = useState(false);
  useDraft(home, session, base);
  const before = useMemo(() => open(base.text, home.format).definition, [base.text, home.format]);
  const stored = useMemo(() => readable(base.text), [base.text]);
  const configs = useMemo(
    () => (base.config && now.config ? ([base.config, now.config] as const) : null),
    [base.config, now.config],
  );
  const lost = now.format === home.format ? [] : lostByConversion(now.document);
  const saveUnlessLost = async (): Promise<boolean> => {
    if (lost.length === 0) return save();
    lose(true);
    return false;
  };
  const maySave = managedBy === null && now.readOnly === null;
  useSaveKey(() => {
    if (maySave && !isSaving && !theirs && session.snapshot().isDirty) void saveUnlessLost();
  });
  /** As it is written here, if it can be read. */
  const alike = (text: string): string => {
    const document = open(text, home.format);
    return now.format === home.format || !document.isReadable ? readable(text) : convert(document).document.text;
  };

  return (
    <>
      <Studio
        session={session}
        machine={machine}
        managedBy={managedBy}
        title={title}
        up={up}
        state={
          managedBy === null ? stateOf(now, base === opened.base ? restored : null) : words.studio.managed(managedBy)
        }
        beside={<Discard session={session} text={stored} format={home.format} config={base.config ?? null} />}
      >
        {managedBy !== null && now.isDirty && (
          <Suspense>
            <CopyPatch before={before} after={now.value} configs={configs} />
          </Suspense>
        )}
        {maySave && (
          <span className="steady">
            <Button fullWidth loading={isSaving} disabled={!now.isDirty} onClick={() => void saveUnlessLost()}>
              {words.studio.save}
            </Button>
          </span>
        )}
        {more?.(!now.isDirty, maySave ? saveUnlessLost : null)}
      </Studio>
      <Suspense>
        {losing && (
          <Lost
            comments={lost}
            title={words.studio.keptAsJson}
            yes={words.studio.save}
            onYes={() => {
              lose(false);
              void save();
            }}
            onNo={() => lose(false)}
          />
        )}
        {theirs && (
          <ConflictView
            format={now.format}
            base={alike(base.text)}
            theirs={alike(theirs.text)}
            yours={session.text}
            configs={
              base.config && theirs.config && now.config
                ? { base: base.config, yours: now.config, theirs: theirs.config }
                : null
            }
            onClose={leave}
            onSave={(text, config) => {
              session.replace(words.studio.conflict.act, text, { config });
              void save(theirs);
            }}
          />
        )}
      </Suspense>
    </>
  );
}
