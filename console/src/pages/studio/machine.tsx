import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { useRight } from "../../acts/rights";
import { machineArn } from "../../api/arns";
import { machineFacts } from "../../api/studio";
import { stateAround } from "../../editing/states";
import { machinePath } from "../../paths";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { machineHome } from "../../studio/keeping/home";
import { Kept } from "../../studio/keeping/keeping";
import type { Opened } from "../../studio/keeping/opening";
import { Run } from "../../studio/keeping/run";
import { words } from "../../words";
import { Opening } from "./opening";

/** A state machine in Studio. */
export function EditMachine() {
  const { namespace, place } = useHere();
  const { machine: name } = useParams({ from: "/$namespace/machines/$machine/edit" });
  const { at } = useSearch({ from: "/$namespace/machines/$machine/edit" });
  useTitle(words.studio.edit, name);
  const arn = machineArn(place, name);
  const home = useMemo(() => machineHome(arn), [arn]);
  const { data: facts } = useQuery(machineFacts(arn));
  const { disabled, disabledReason = words.studio.mayNot } = useRight("UpdateStateMachine", arn);
  const readOnly = disabled ? disabledReason : null;
  const begin = useCallback(({ session }: Opened) => session.select(stateAround(at ?? null)), [at]);
  return (
    <Opening key={arn} home={home} readOnly={readOnly} missing={words.studio.gone} begin={begin}>
      {(opened) => (
        <Kept
          home={home}
          opened={opened}
          machine={arn}
          managedBy={facts?.managedBy ?? null}
          title={name}
          up={{ href: machinePath(namespace, name), text: words.pages.machine }}
          more={(isStored, save) => <Run machine={arn} isStored={isStored} save={save} />}
        />
      )}
    </Opening>
  );
}
