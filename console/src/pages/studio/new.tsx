import Button from "@cloudscape-design/components/button";
import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { keepDraft } from "../../acts/drafts";
import { useRight } from "../../acts/rights";
import type { Blueprint } from "../../api/generated/console";
import { blueprints } from "../../api/studio";
import { open } from "../../document";
import { newConfig } from "../../editing/config";
import { useSnapshot } from "../../editing/use_session";
import { indented } from "../../execution/json_text";
import { blueprintsPath, editPath } from "../../paths";
import { Broken, Loading } from "../../shell/broken";
import { useHere } from "../../shell/here";
import { useTitle } from "../../shell/title";
import { usualRole } from "../../studio/config/accounts";
import { Discard } from "../../studio/keeping/discard";
import { forget } from "../../studio/keeping/drafts";
import type { Home } from "../../studio/keeping/home";
import { type Opened, opened, useDraft } from "../../studio/keeping/opening";
import { useSaveKey } from "../../studio/keeping/save_key";
import { Studio } from "../../studio/studio";
import { words } from "../../words";
import { moment } from "../../words/time";
import { CreateDialog } from "./create_dialog";

/** What one begins with who takes no blueprint. */
const NOTHING = `StartAt: Begin
States:
  Begin:
    Type: Pass
    End: true
`;

/** A state machine that is not there yet: from a blueprint, or from nothing. */
export function NewMachine() {
  const { namespace, place } = useHere();
  const { blueprint } = useSearch({ from: "/$namespace/new" });
  const { data: gallery, error } = useQuery({ ...blueprints, enabled: blueprint !== undefined });
  const found = gallery?.blueprints.find(({ name }) => name === blueprint);
  useTitle(found?.title ?? words.studio.untitled);
  const home = useMemo(() => newHome(namespace, blueprint), [namespace, blueprint]);
  const text = blueprint === undefined ? NOTHING : found?.definition;
  const { data } = useQuery({
    queryKey: ["opened", home.key],
    queryFn: () =>
      opened(home, null, {
        text: text ?? NOTHING,
        tag: null,
        config: newConfig(found?.name ?? "", usualRole(place)),
      }),
    enabled: text !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (error) return <Broken error={error} />;
  if (gallery && blueprint !== undefined && !found) return <Broken error={new Error(words.blueprints.gone)} />;
  if (!data) return <Loading />;
  return <Beginning key={home.key} home={home} opened={data} blueprint={found} />;
}

function Beginning({
  home,
  opened: { session, base, restored },
  blueprint,
}: {
  home: Home;
  opened: Opened;
  blueprint: Blueprint | undefined;
}) {
  const { namespace } = useHere();
  const { history } = useRouter();
  const { broken, isDirty } = useSnapshot(session);
  const [isCreating, create] = useState(false);
  const right = useRight("CreateStateMachine");
  const mayCreate = broken === null && !right.disabled;
  useSaveKey(() => mayCreate && create(true));
  const format = useMemo(() => open(base.text).format, [base.text]);
  useDraft(home, session, base);
  return (
    <>
      <Studio
        session={session}
        machine={null}
        title={blueprint?.title ?? words.studio.untitled}
        up={{ href: blueprintsPath(), text: words.pages.blueprints }}
        state={isDirty && restored !== null ? words.studio.restored(moment(restored)) : words.studio.notCreated}
        beside={<Discard session={session} text={base.text} format={format} config={base.config ?? null} />}
      >
        <Button variant="primary" onClick={() => create(true)} {...right} disabled={!mayCreate}>
          {words.studio.create}
        </Button>
      </Studio>
      {isCreating && (
        <CreateDialog
          session={session}
          onClose={() => create(false)}
          onCreated={(name, arn) => {
            if (blueprint) keepDraft(arn, indented(blueprint.input));
            session.store();
            void forget(home.key);
            history.push(editPath(namespace, name));
          }}
        />
      )}
    </>
  );
}

/** Only its drafts are kept; it is created under a name by `CreateDialog`. */
function newHome(namespace: string, blueprint: string | undefined): Home {
  return {
    key: `new:${namespace}:${blueprint ?? ""}`,
    format: "yaml",
    read: () => Promise.resolve(null),
    write: (_text, base) => Promise.resolve(base),
  };
}
