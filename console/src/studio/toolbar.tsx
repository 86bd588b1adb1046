/** Above all: what is edited, how it is kept, and what is done with the whole of it. Nothing moves when any of that changes. */
import Button from "@cloudscape-design/components/button";
import type { ReactNode } from "react";
import { useSession } from "../editing/use_session";
import { Anchor } from "../shell/anchor";
import { words } from "../words";

export interface ToolbarProps {
  title: string;
  up: { href: string; text: string };
  /** What is said of how it is kept. */
  state: string;
  /** What can be done about that. */
  beside?: ReactNode;
  /** Save, run and the like. */
  children?: ReactNode;
}

export function Toolbar({ title, up, state, beside, children }: ToolbarProps) {
  const { session, now, wish } = useSession();
  const { undoes, redoes } = now;
  return (
    <header className="studio-bar">
      <div className="title">
        <div className="kept">
          <Anchor className="up" href={up.href}>
            {up.text}
          </Anchor>
          <small role="status">{state}</small>
          {beside}
        </div>
        <h1 title={title}>{title}</h1>
      </div>
      <div className="tools">
        <Button
          variant="icon"
          iconName="undo"
          ariaLabel={undoes === null ? words.studio.undo : words.studio.undoOf(undoes)}
          disabled={undoes === null}
          onClick={() => session.undo()}
        />
        <Button
          variant="icon"
          iconName="redo"
          ariaLabel={redoes === null ? words.studio.redo : words.studio.redoOf(redoes)}
          disabled={redoes === null}
          onClick={() => session.redo()}
        />
        <Button
          variant="icon"
          iconName="keyboard"
          ariaLabel={words.studio.keysTitle}
          onClick={() => wish({ kind: "keys" })}
        />
      </div>
      <div className="tools">{children}</div>
    </header>
  );
}
