/** A way on which states are put, and whose end leads elsewhere when it is pulled there. */
import { EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo, useContext } from "react";
import { Way, type WayEdge } from "../../canvas/edges";
import { rounded } from "../../canvas/rounded";
import { located } from "../../document/acts/places";
import type { Point } from "../../graph/layout";
import { words } from "../../words";
import { type Drawn, DrawnContext } from "./context";
import { useCarried } from "./dragging";

/** From its beginning; both have room where two boxes are nearest. */
const PLUS_FAR = 12;
/** Before its end. */
const END_FAR = 7;

export const EditWay = memo(function EditWay(props: EdgeProps<WayEdge>) {
  const drawn = useContext(DrawnContext);
  return (
    <>
      <Way {...props} />
      {drawn?.mayEdit && props.data && !drawn.final.has(props.id) && <Places {...props} drawn={drawn} />}
    </>
  );
});

function Places({ id, source, target, data, drawn }: EdgeProps<WayEdge> & { drawn: Drawn }) {
  const { dragging, wish, names } = drawn;
  const word = useCarried(dragging, (carried) => {
    if (carried === null) return null;
    if (carried.item.kind === "end") return carried.item.edge === id ? "pulled" : null;
    return carried.over && "edge" in carried.over && carried.over.edge === id ? "target" : "open";
  });
  const points = data?.route.points ?? [];
  const plus = along(points, PLUS_FAR);
  const end = along([...points].reverse(), END_FAR);
  return (
    <>
      <path className={`catchment ${word ?? ""}`} d={rounded(points)} data-edge={id} />
      {end && (
        <circle
          className="pull nopan"
          cx={end.x}
          cy={end.y}
          r={6}
          onPointerDown={(event) => dragging.begin({ kind: "end", edge: id, scope: located(id).scope }, event)}
        >
          <title>{words.studio.pull}</title>
        </circle>
      )}
      {plus && (
        <EdgeLabelRenderer>
          <button
            type="button"
            tabIndex={-1}
            className={`plus nopan ${word ?? ""}`}
            data-edge={id}
            aria-label={words.studio.addBetween(names.get(source) ?? "", names.get(target) ?? "")}
            style={{ transform: `translate(-50%, -50%) translate(${plus.x}px, ${plus.y}px)` }}
            onClick={() => wish({ kind: "add", where: { edge: id } })}
          >
            <i aria-hidden="true" />
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** The point of a way so far from where it begins. */
function along(points: readonly Point[], far: number): Point | null {
  let left = far;
  for (const [index, to] of points.entries()) {
    const from = points[index - 1];
    if (!from) continue;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length >= left && length > 0) {
      const share = left / length;
      return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
    }
    left -= length;
  }
  return points.at(-1) ?? null;
}
