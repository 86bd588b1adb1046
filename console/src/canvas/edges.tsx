/** The ways between boxes, as the layout has them, with rounded corners. */
import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import type { Route } from "../graph/layout";
import type { GraphEdge } from "../graph/of_definition";
import { rounded } from "./rounded";

export type WayData = { edge: GraphEdge; route: Route; isTaken: boolean };
export type WayEdge = Edge<WayData, "way">;

export const Way = memo(function Way({ data, markerEnd }: EdgeProps<WayEdge>) {
  if (!data) return null;
  const { edge, route, isTaken } = data;
  return (
    <>
      <BaseEdge
        path={rounded(route.points)}
        className={`way ${edge.kind} ${isTaken ? "taken" : ""}`}
        {...(markerEnd ? { markerEnd } : {})}
      />
      {route.label && (
        <EdgeLabelRenderer>
          <div
            className={`label ${edge.kind} ${isTaken ? "taken" : ""}`}
            title={edge.label}
            style={{
              transform: `translate(${route.label.x}px, ${route.label.y}px)`,
              width: route.label.width,
              height: route.label.height,
            }}
          >
            <span>{edge.label}</span>
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
