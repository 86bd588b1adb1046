/** Workflow Studio: palette, picture and text of one definition, side by side. */
import Button from "@cloudscape-design/components/button";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import type { Where } from "../document";
import { useKeysEverywhere } from "../editing/keys";
import type { Target } from "../editing/places";
import type { Session } from "../editing/session";
import { type Here, SessionContext, useSnapshot, type Wish } from "../editing/use_session";
import { Loading } from "../shell/broken";
import { Choices } from "../shell/choices";
import { words } from "../words";
import { useChecks } from "./checks";
import { FormatChoice } from "./format_choice";
import { bring } from "./palette/bringing";
import { Palette } from "./palette/palette";
import { DraggingContext } from "./picture/context";
import { Dragging, type Item } from "./picture/dragging";
import { dropped, fits } from "./picture/drops";
import { Picture } from "./picture/picture";
import { StatusBar } from "./status_bar";
import { Toolbar, type ToolbarProps } from "./toolbar";
import { MAPS, SIDES, useViews, type Views } from "./views";
import "./studio.css";

const TextPane = lazy(async () => ({ default: (await import("./text_pane")).TextPane }));
const FormPanel = lazy(async () => ({ default: (await import("../forms/form_panel")).FormPanel }));
const ConfigPanel = lazy(async () => ({ default: (await import("./config/config_panel")).ConfigPanel }));
const Outline = lazy(async () => ({ default: (await import("../outline/outline")).Outline }));
const TestDrawer = lazy(async () => ({ default: (await import("../test_drawer/test_drawer")).TestDrawer }));
const Keys = lazy(async () => ({ default: (await import("./help/keys_help")).Keys }));

interface Props extends ToolbarProps {
  session: Session;
  /** The ARN of the state machine; null: there is none yet, or it is a file. */
  machine: string | null;
  /** What keeps it as it stands elsewhere. */
  managedBy?: string | null;
}

export function Studio({ session, machine, managedBy = null, ...toolbar }: Props) {
  const { config } = useSnapshot(session);
  const [wished, setWished] = useState<Wish | null>(null);
  const [asked, ask] = useState(0);
  const { views, show, reveal } = useViews();
  const isOutline = views.map === "outline";
  const side = views.side === "config" && config === null ? "both" : views.side;
  const wish = useCallback(
    (wanted: Wish | null) => {
      setWished(wanted);
      if (wanted?.kind === "add") ask((times) => times + 1);
      if (isOfForm(wanted, isOutline)) reveal("fields");
      if (wanted?.kind === "text") reveal("text");
    },
    [reveal, isOutline],
  );
  const here = useMemo<Here>(() => ({ session, machine, wish }), [session, machine, wish]);
  const dragging = useMemo(() => draggingIn(session), [session]);
  useChecks(session);
  useKeysEverywhere(session, wish);
  const arrange = (part: Partial<Views>) => {
    // What was wished for is seen where it was, not in what comes to stand there.
    wish(null);
    show(part);
  };
  const place: Where | null = wished?.kind === "add" ? wished.where : null;
  return (
    <SessionContext value={here}>
      <DraggingContext value={dragging}>
        <div className="studio">
          <Toolbar {...toolbar}>
            <Button
              iconName="caret-right-filled"
              ariaExpanded={views.isTesting}
              onClick={() => arrange({ isTesting: !views.isTesting })}
            >
              {words.test.title}
            </Button>
            {toolbar.children}
          </Toolbar>
          <div className="desk">
            <Palette place={place} asked={asked} />
            <div className="map">
              <div className="pane-head">
                <Choices
                  label={words.studio.maps}
                  of={MAPS}
                  chosen={views.map}
                  said={words.studio.mapNames}
                  onChoose={(map) => arrange({ map })}
                />
              </div>
              {views.map === "picture" ? (
                <Picture renaming={wished?.kind === "rename" ? wished.pointer : null} />
              ) : (
                <Suspense fallback={<Loading />}>
                  <Outline />
                </Suspense>
              )}
            </div>
            <div className="side">
              <div className="pane-head">
                <Choices
                  label={words.studio.sides}
                  of={config === null ? SIDES.filter((each) => each !== "config") : SIDES}
                  chosen={side}
                  said={words.studio.sideNames}
                  onChoose={(wanted) => arrange({ side: wanted })}
                />
                <FormatChoice />
              </div>
              {side === "config" && (
                <Suspense fallback={<Loading />}>
                  <ConfigPanel managedBy={managedBy} />
                </Suspense>
              )}
              {(side === "fields" || side === "both") && (
                <Suspense fallback={<Loading />}>
                  <FormPanel wanted={isOfForm(wished, isOutline) ? wished : null} />
                </Suspense>
              )}
              {(side === "text" || side === "both") && (
                <Suspense fallback={<Loading />}>
                  <TextPane wanted={wished?.kind === "text" ? wished : null} />
                </Suspense>
              )}
            </div>
          </div>
          {views.isTesting && (
            <div className="drawer">
              <Suspense fallback={<Loading />}>
                <TestDrawer />
              </Suspense>
            </div>
          )}
          <StatusBar />
          <Suspense>{wished?.kind === "keys" && <Keys onClose={() => wish(null)} />}</Suspense>
        </div>
      </DraggingContext>
    </SessionContext>
  );
}

/** The outline has no field for a name: that of the form is meant. */
const isOfForm = (wished: Wish | null, isOutline: boolean): boolean =>
  wished?.kind === "form" || (wished?.kind === "rename" && isOutline);

/** What is carried ends as an act. */
function draggingIn(session: Session): Dragging {
  const graph = () => session.snapshot().graph;
  const drop = (item: Item, target: Target) => {
    document.querySelector<HTMLElement>(".picture")?.focus({ preventScroll: true });
    if (item.kind === "state" || item.kind === "end") {
      session.apply((text) => dropped(text, graph(), item, target, null));
    } else void bring(session, item, (text, begun) => dropped(text, graph(), item, target, begun));
  };
  return new Dragging((item, target) => fits(graph(), item, target), drop);
}
