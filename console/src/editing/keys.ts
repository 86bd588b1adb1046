/** What keys and the clipboard do with the state that is chosen, in the picture and in the outline alike. */
import { type ClipboardEvent, type KeyboardEvent, useEffect, useMemo } from "react";
import {
  addBranch,
  copied,
  type Document,
  type Pointer,
  paste,
  Refused,
  removeState,
  type Where,
  wrapInMap,
  wrapInParallel,
} from "../document";
import { child } from "../document/pointer";
import { items, member } from "../document/value";
import type { Graph } from "../graph/of_definition";
import { walk } from "../graph/walk";
import { whereAt } from "./places";
import type { Session } from "./session";
import { type Here, useSession } from "./use_session";

/** Where something new comes to stand behind a state: a Choice is left by its Default, else by its first rule. */
export function behind(document: Document, state: Pointer): Where {
  const fields = document.at(state);
  if (member(fields, "Type") !== "Choice") return { after: state };
  if (typeof member(fields, "Default") === "string") return { edge: child(state, "Default") };
  return items(member(fields, "Choices")).length > 0 ? { edge: child(state, "Choices", 0, "Next") } : { after: state };
}

/** Behind what is chosen; else at the end, if there is one; else at the beginning. */
export function placeFor(document: Document, graph: Graph, selected: Pointer | null): Where {
  if (selected !== null && document.at(selected) !== undefined) return behind(document, selected);
  return whereAt(graph, { node: "#end" }) ?? whereAt(graph, { node: "#start" }) ?? { scope: "" };
}

/** It goes, and what is near it is chosen. */
export function remove(session: Session, state: Pointer): void {
  const { graph } = session.snapshot();
  const near = walk(graph, state, "down") ?? walk(graph, state, "up");
  if (session.apply((document) => removeState(document, state))) session.select(near === state ? null : near);
}

export const duplicate = (session: Session, state: Pointer): boolean =>
  session.apply((document) => paste(document, behind(document, state), copied(document, state)));

/** Of what shows states: they act on the one that is chosen. */
export function useKeys() {
  const { session, wish } = useSession();
  return useMemo(
    () => ({
      onKeyDown: (event: KeyboardEvent) => press(event, session, wish),
      onCopy: (event: ClipboardEvent) => copy(event, session),
      onCut: (event: ClipboardEvent) => {
        const state = copy(event, session);
        if (state !== null) remove(session, state);
      },
      onPaste: (event: ClipboardEvent) => {
        const text = event.clipboardData.getData("text/plain");
        if (isWriting(event.target) || text.trim() === "") return;
        event.preventDefault();
        const { graph, selected } = session.snapshot();
        session.apply((document) => paste(document, placeFor(document, graph, selected), text));
      },
    }),
    [session, wish],
  );
}

/** The state that was copied. */
function copy(event: ClipboardEvent, session: Session): Pointer | null {
  const { document, selected } = session.snapshot();
  if (isWriting(event.target) || selected === null || document.at(selected) === undefined) return null;
  event.preventDefault();
  try {
    event.clipboardData.setData("text/plain", copied(document, selected));
    return selected;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    session.say({ kind: "refused", text: error.message });
    return null;
  }
}

const within = (target: EventTarget | null, selector: string): boolean =>
  target instanceof Element && target.closest(selector) !== null;
const isWriting = (target: EventTarget | null): boolean =>
  within(target, "input, textarea, select, [contenteditable=true], [role=dialog]");

/** Keys of the whole page, wherever one is in it. */
export function useKeysEverywhere(session: Session, wish: Here["wish"]): void {
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (!event.defaultPrevented && !isWriting(event.target) && everywhere(event, session, wish))
        event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [session, wish]);
}

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">;

function everywhere(
  { key, shiftKey, ctrlKey, metaKey, altKey }: Pressed,
  session: Session,
  wish: Here["wish"],
): boolean {
  const letter = key.toLowerCase();
  if (altKey) return false;
  if (ctrlKey || metaKey) {
    if (letter === "y" || (letter === "z" && shiftKey)) session.redo();
    else if (letter === "z") session.undo();
    else return false;
  } else if (key === "/") wish({ kind: "add", where: null });
  else if (key === "?") wish({ kind: "keys" });
  else return false;
  return true;
}

function press(event: KeyboardEvent, session: Session, wish: Here["wish"]): void {
  if (event.defaultPrevented || event.altKey || isWriting(event.target)) return;
  if (performed(event, session, wish)) event.preventDefault();
}

function performed(event: KeyboardEvent, session: Session, wish: Here["wish"]): boolean {
  const { document, graph, selected } = session.snapshot();
  const state = selected !== null && document.at(selected) !== undefined ? selected : null;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key !== "d" || state === null) return false;
    duplicate(session, state);
  } else if (key === "a") wish({ kind: "add", where: placeFor(document, graph, state) });
  else if (key === "escape") session.select(null);
  else if (state === null) return false;
  else if (key === "delete" || key === "backspace") remove(session, state);
  else if (key === "f2") wish({ kind: "rename", pointer: state });
  else if (key === "w") session.apply((now) => (event.shiftKey ? wrapInMap : wrapInParallel)(now, state));
  else if (key === "b" && member(document.at(state), "Type") === "Parallel")
    session.apply((now) => addBranch(now, state));
  else if (key === "enter" && !within(event.target, "button, a, summary")) wish({ kind: "form" });
  else return false;
  return true;
}
