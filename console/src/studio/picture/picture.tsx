/** The picture, in which one edits: what is carried there is put in, edges lead elsewhere, arrows walk. */
import { type KeyboardEvent, type RefObject, useCallback, useContext, useEffect, useMemo, useRef } from "react";
import { Canvas, type Parts } from "../../canvas/canvas";
import { useKeys } from "../../editing/keys";
import { isFinal } from "../../editing/places";
import { useResult } from "../../editing/results";
import type { Trouble } from "../../editing/snapshot";
import { byState } from "../../editing/states";
import { useSession } from "../../editing/use_session";
import type { Graph, GraphNode } from "../../graph/of_definition";
import { type Direction, walk } from "../../graph/walk";
import { words } from "../../words";
import { EditBox } from "./box";
import { Carried } from "./carried";
import { DraggingContext, type Drawn, DrawnContext } from "./context";
import { EditWay } from "./way";
import "./picture.css";

const PARTS: Parts = { boxes: { box: EditBox }, ways: { way: EditWay } };
const ARROWS: Record<string, Direction> = {
  ArrowDown: "down",
  ArrowUp: "up",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** `renaming`: the state whose name is being changed. */
export function Picture({ renaming }: { renaming: string | null }) {
  const { session, now, wish } = useSession();
  const { graph, selected, broken, readOnly, problems } = now;
  const keys = useKeys();
  const tried = useResult();
  const frame = useRef<HTMLElement>(null);
  const byKey = useRef(false);
  const dragging = useContext(DraggingContext);
  const troubles = useMemo(() => byState(problems), [problems]);
  const names = useMemo(() => new Map(graph.nodes.map(({ id, name }) => [id, name])), [graph]);
  const final = useMemo(() => new Set(graph.edges.filter((edge) => isFinal(graph, edge)).map(({ id }) => id)), [graph]);
  const mayEdit = broken === null && readOnly === null;
  const drawn = useMemo<Drawn>(
    () => ({ session, wish, dragging, troubles, names, final, renaming, mayEdit }),
    [session, wish, dragging, troubles, names, final, renaming, mayEdit],
  );
  const says = useCallback((node: GraphNode) => spoken(node, troubles.get(node.id)), [troubles]);

  const select = useCallback((pointer: string | null) => session.select(pointer), [session]);
  useEffect(() => {
    if (!byKey.current || selected === null) return;
    byKey.current = false;
    const id = CSS.escape(selected);
    frame.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`)?.focus();
  }, [selected]);
  useKeptFocus(frame, graph);

  const press = (event: KeyboardEvent) => {
    const direction = event.ctrlKey || event.metaKey || event.altKey ? undefined : ARROWS[event.key];
    if (direction && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      event.stopPropagation();
      byKey.current = true;
      session.select(walk(graph, selected, direction) ?? selected);
    } else keys.onKeyDown(event);
  };

  return (
    <section
      className="picture"
      ref={frame}
      aria-label={words.studio.picture}
      data-pane="true"
      tabIndex={-1}
      onKeyDownCapture={press}
      onFocus={({ target }) => {
        const id = target.closest(".react-flow__node")?.getAttribute("data-id");
        if (id && graph.nodes.some((node) => node.id === id && node.kind === "state")) session.select(id);
      }}
      onCopy={keys.onCopy}
      onCut={keys.onCut}
      onPaste={keys.onPaste}
    >
      <DrawnContext value={drawn}>
        <Canvas graph={graph} selected={selected} {...tried} onSelect={select} parts={PARTS} says={says} />
      </DrawnContext>
      {graph.nodes.every(({ kind }) => kind !== "state") && <p className="hint">{words.studio.empty}</p>}
      {broken && (
        <p className="stripe" role="status">
          {words.studio.broken(broken.line, broken.message)}
        </p>
      )}
      <Carried />
    </section>
  );
}

/** The box that had the focus may be gone after an act: then the picture has it, so that keys go on. */
function useKeptFocus(frame: RefObject<HTMLElement | null>, graph: Graph): void {
  const isInside = useRef(false);
  useEffect(() => {
    const follow = ({ target }: FocusEvent) => {
      isInside.current = frame.current?.contains(target as Node) ?? false;
    };
    document.addEventListener("focusin", follow);
    return () => document.removeEventListener("focusin", follow);
  }, [frame]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: boxes go with another graph
  useEffect(() => {
    if (isInside.current && document.activeElement === document.body) frame.current?.focus({ preventScroll: true });
  }, [frame, graph]);
}

function spoken(node: GraphNode, troubles: readonly Trouble[] = []): string {
  if (node.kind !== "state") return node.name || node.kind;
  return words.graph.node(node.type, node.name, troubles.length > 0 ? [words.studio.troubles(troubles.length)] : []);
}
