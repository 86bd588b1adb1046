/** The boxes of the graph. Status is shown by colour, by sign and, to screen readers, by word. */
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { type CSSProperties, memo } from "react";
import { count, retries, STANDINGS, standing, type Tally, total } from "../execution/visits";
import type { GraphNode } from "../graph/of_definition";
import { words } from "../words";
import { Glyph } from "./glyphs";
import { SIGNS } from "./signs";

/** Something said of a state beside how it stands. `share`: how much of it there is, from 0 to 1, which gives the box its
 * colour. */
export interface Mark {
  tone: "time" | "retries" | "failures" | "onlyHere" | "onlyThere" | "differs";
  text: string;
  share?: number;
}

export type BoxData = { node: GraphNode; tally: Tally | undefined; mark: Mark | undefined; isOpen: boolean };
export type BoxNode = Node<BoxData, "box">;

export const Box = memo(function Box({ data }: NodeProps<BoxNode>) {
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <Inside {...data} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
});

function Inside({ node, tally, mark, isOpen }: BoxData) {
  if (node.kind === "start" || node.kind === "end") {
    const isOutermost = node.parent === null;
    const word = node.kind === "start" ? words.graph.start : words.graph.end;
    return isOutermost ? <div className="pill">{word}</div> : <div className={`dot ${node.kind}`} title={word} />;
  }
  if (node.kind === "scope") return <div className="scope">{node.name}</div>;
  if (node.kind === "ghost") return <div className="state ghost">{words.graph.noState(node.name)}</div>;
  const how = standing(tally);
  const visits = total(tally);
  const again = retries(tally);
  const box = (
    <div
      className={`state ${how ?? "Idle"} ${isOpen ? "open" : ""} ${mark?.share === undefined ? "" : `warm ${mark.tone}`}`}
      {...(mark?.share === undefined ? {} : { style: { "--share": mark.share } as CSSProperties })}
    >
      <div className="head">
        <Glyph type={node.type} />
        <div className="names">
          <div className="name" title={node.name}>
            {node.name}
          </div>
          <div className="what" title={node.label}>
            {[node.type, node.label].filter(Boolean).join(" · ")}
          </div>
        </div>
        <div className="signs" aria-hidden="true">
          {again > 0 && <span title={words.graph.retried(again)}>↻ {again}</span>}
          {visits > 1 && <span>{words.graph.times(visits)}</span>}
          {how && <span className="sign">{SIGNS[how]}</span>}
        </div>
      </div>
      {visits > 1 && <Shares tally={tally} />}
    </div>
  );
  if (!mark) return box;
  return (
    <>
      {box}
      <span className={`mark ${mark.tone}`} aria-hidden="true">
        {mark.text}
      </span>
    </>
  );
}

/** Of a state that was visited many times: how much of it went how. */
function Shares({ tally }: { tally: Tally | undefined }) {
  return (
    <div className="shares" aria-hidden="true">
      {STANDINGS.filter((each) => count(tally, each) > 0).map((each) => (
        <i
          key={each}
          className={each}
          style={{ flexGrow: count(tally, each) }}
          title={`${count(tally, each)} ${words.standing[each]}`}
        />
      ))}
    </div>
  );
}

/** What a screen reader says of it. */
export function spoken(node: GraphNode, tally: Tally | undefined, mark?: Mark): string {
  if (node.kind !== "state") return node.name || node.kind;
  const how = standing(tally);
  const isOnce = total(tally) === 1;
  const ways = STANDINGS.filter((each) => count(tally, each) > 0);
  const more = ways.map((each) => (isOnce ? words.standing[each] : `${count(tally, each)} ${words.standing[each]}`));
  const again = retries(tally);
  return words.graph.node(node.type, node.name, [
    ...(how ? more : mark?.share === undefined ? [words.notVisited] : []),
    ...(again ? [words.graph.retried(again)] : []),
    ...(mark ? [mark.text] : []),
  ]);
}
