/** A definition as a graph, and how an execution stands in it. */
import { Background, BackgroundVariant, Controls, MarkerType, MiniMap, ReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { type Standing, standing, type Tally } from "../execution/visits";
import { layout, type Placed } from "../graph/layout";
import type { Graph, GraphNode } from "../graph/of_definition";
import { useDark } from "../theme/mode";
import { words } from "../words";
import "./canvas.css";
import { Way, type WayEdge } from "./edges";
import { engine, warm } from "./engine";
import { Box, type BoxNode, type Mark, spoken } from "./nodes";
import { TakeAlong } from "./take_along";

warm();

/** Smaller than this nothing can be read: a tall graph begins at its top instead, with a map of all of it. */
const READABLE = 0.6;
const MARGIN = 24;
/** From so many on, what is out of sight is not drawn. */
const MANY = 300;

/** How boxes and ways are drawn; one object for the life of a canvas. */
export interface Parts {
  boxes: { box: typeof Box };
  ways: { way: typeof Way };
}
const USUAL: Parts = { boxes: { box: Box }, ways: { way: Way } };

interface Props {
  graph: Graph;
  tallies?: ReadonlyMap<string, Tally>;
  taken?: ReadonlySet<string>;
  /** By pointer. */
  marks?: ReadonlyMap<string, Mark> | undefined;
  selected?: string | null;
  onSelect?: (pointer: string | null) => void;
  parts?: Parts;
  /** What screen readers say of a node; by default how it stands. */
  says?: (node: GraphNode) => string;
}

export const Canvas = memo(function Canvas(props: Props) {
  const { graph, tallies, taken, marks, selected = null, onSelect, parts = USUAL, says } = props;
  const { placed, failed } = usePlaced(graph);
  const frame = useRef<HTMLDivElement>(null);
  const nodes = useNodes(graph, placed, tallies, marks, selected, Boolean(onSelect), says);
  const edges = useEdges(graph, placed, taken);
  const isDark = useDark();
  if (failed)
    return (
      <div className="canvas">
        <p className="waiting">{words.graph.failed}</p>
      </div>
    );
  const view = placed && firstView(placed, frame.current);
  return (
    <div className="canvas" ref={frame}>
      {!view && (
        <p className="waiting" role="status">
          {words.graph.layingOut}
        </p>
      )}
      {placed && view && (
        <ReactFlow
          aria-label={words.graph.label}
          colorMode={isDark ? "dark" : "light"}
          nodes={nodes}
          edges={edges}
          nodeTypes={parts.boxes}
          edgeTypes={parts.ways}
          defaultViewport={view.viewport}
          minZoom={0.05}
          maxZoom={2}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          elementsSelectable={Boolean(onSelect)}
          deleteKeyCode={null}
          onlyRenderVisibleElements={graph.nodes.length > MANY}
          onNodesChange={(changes) => {
            for (const change of changes) if (change.type === "select" && change.selected) onSelect?.(change.id);
          }}
          onPaneClick={() => onSelect?.(null)}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
          <Controls showInteractive={false} />
          <TakeAlong of={{ graph, placed, tallies, taken }} />
          {view.isPartial && (
            <MiniMap pannable zoomable ariaLabel={words.graph.map} nodeColor={colour} nodeStrokeWidth={0} />
          )}
        </ReactFlow>
      )}
    </div>
  );
});

/** What is as it was before is the same object, so that nothing of it is drawn again. */
function useKept<Thing extends { id: string }>(made: Thing[], isSame: (one: Thing, other: Thing) => boolean): Thing[] {
  const kept = useRef(new Map<string, Thing>());
  return useMemo(() => {
    const found = made.map((thing) => {
      const before = kept.current.get(thing.id);
      return before && isSame(before, thing) ? before : thing;
    });
    kept.current = new Map(found.map((thing) => [thing.id, thing]));
    return found;
  }, [made, isSame]);
}

const isSameNode = (one: BoxNode, other: BoxNode): boolean =>
  one.selected === other.selected &&
  one.ariaLabel === other.ariaLabel &&
  one.selectable === other.selectable &&
  one.position.x === other.position.x &&
  one.position.y === other.position.y &&
  one.width === other.width &&
  one.height === other.height &&
  one.data.node === other.data.node &&
  one.data.tally === other.data.tally &&
  isSameMark(one.data.mark, other.data.mark) &&
  one.data.isOpen === other.data.isOpen;

const isSameMark = (one: Mark | undefined, other: Mark | undefined): boolean =>
  one?.text === other?.text && one?.tone === other?.tone && one?.share === other?.share;

const isSameEdge = (one: WayEdge, other: WayEdge): boolean =>
  one.data?.route === other.data?.route && one.data?.isTaken === other.data?.isTaken;

function usePlaced(graph: Graph): { placed: Placed | null; failed: boolean } {
  const [found, find] = useState<{ placed: Placed | null; failed: boolean }>({ placed: null, failed: false });
  useEffect(() => {
    let isWanted = true;
    layout(graph, engine).then(
      (placed) => isWanted && find({ placed, failed: false }),
      () => isWanted && find({ placed: null, failed: true }),
    );
    return () => {
      isWanted = false;
    };
  }, [graph]);
  return found;
}

function useNodes(
  graph: Graph,
  placed: Placed | null,
  tallies: ReadonlyMap<string, Tally> | undefined,
  marks: ReadonlyMap<string, Mark> | undefined,
  selected: string | null,
  selectable: boolean,
  says: ((node: GraphNode) => string) | undefined,
): BoxNode[] {
  const holding = useMemo(() => new Set(graph.nodes.map((node) => node.parent)), [graph]);
  const made = useMemo(() => {
    const found: BoxNode[] = [];
    for (const node of graph.nodes) {
      const box = placed?.boxes.get(node.id);
      if (!box) continue;
      const tally = tallies?.get(node.id);
      const mark = marks?.get(node.id);
      const isState = node.kind === "state";
      found.push({
        id: node.id,
        type: "box",
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        ...(node.parent === null ? {} : { parentId: node.parent }),
        data: { node, tally, mark, isOpen: holding.has(node.id) },
        draggable: false,
        selected: node.id === selected,
        selectable: isState && selectable,
        focusable: isState && selectable,
        ariaLabel: says ? says(node) : spoken(node, tally, mark),
      });
    }
    return found;
  }, [graph, placed, tallies, marks, selected, selectable, holding, says]);
  return useKept(made, isSameNode);
}

function useEdges(graph: Graph, placed: Placed | null, taken: ReadonlySet<string> | undefined): WayEdge[] {
  const made = useMemo(
    () =>
      graph.edges.flatMap((edge): WayEdge[] => {
        const route = placed?.routes.get(edge.id);
        if (!route) return [];
        const isTaken = taken?.has(edge.id) ?? false;
        const color = isTaken ? (edge.kind === "catch" ? "var(--caught)" : "var(--accent)") : "var(--line-strong)";
        return [
          {
            id: edge.id,
            source: edge.source,
            target: edge.target,
            type: "way",
            data: { edge, route, isTaken },
            markerEnd: { type: MarkerType.ArrowClosed, color, width: 22, height: 22, markerUnits: "userSpaceOnUse" },
            ...(isTaken ? { zIndex: 1 } : {}),
          },
        ];
      }),
    [graph, placed, taken],
  );
  return useKept(made, isSameEdge);
}

function firstView(placed: Placed, frame: HTMLDivElement | null) {
  const [width, height] = [frame?.clientWidth || 800, frame?.clientHeight || 560];
  const fits = Math.min((width - 2 * MARGIN) / placed.width, (height - 2 * MARGIN) / placed.height);
  const zoom = Math.min(1, Math.max(READABLE, fits));
  const x = Math.max(MARGIN, (width - placed.width * zoom) / 2);
  const y = Math.max(MARGIN, (height - placed.height * zoom) / 2);
  return { viewport: { x, y, zoom }, isPartial: fits < READABLE };
}

const COLOURS: Record<Standing, string> = {
  Running: "var(--running)",
  Succeeded: "var(--succeeded)",
  Failed: "var(--failed)",
  TimedOut: "var(--failed)",
  Caught: "var(--caught)",
  Aborted: "var(--aborted)",
};

/** Of a box on the map of the whole. */
function colour({ data }: BoxNode): string {
  if (data.node.kind !== "state") return "transparent";
  const how = standing(data.tally);
  return how ? COLOURS[how] : "var(--line-strong)";
}
