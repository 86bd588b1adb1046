import { memo } from "react";
import type { Scale } from "../execution/scale";
import { type Bar, density, type Segment, segmentsOf, standingOf } from "../execution/timeline";
import type { Visit } from "../execution/visits";
import { words } from "../words";
import { duration } from "../words/time";

interface Props {
  bar: Bar;
  scale: Scale;
  /** Where what has not ended ends. */
  until: number;
}

const percent = (place: number) => `${place * 100}%`;

/** One line of the picture. What it shows stands as words beside the name of the state. */
export const Lane = memo(function Lane({ bar, scale, until }: Props) {
  return (
    <div className="lane" aria-hidden="true">
      {scale.pieces
        .filter(({ isFolded }) => isFolded)
        .map(({ from, start, end }) => (
          <i key={from} className="fold" style={{ left: percent(start), width: percent(end - start) }} />
        ))}
      {bar.crowd && <Crowd visits={bar.crowd.visits} scale={scale} until={until} />}
      <VisitBar visit={bar.visit} scale={scale} until={until} isThin={bar.crowd !== null} />
      <i className="later" />
    </div>
  );
});

/** Where the time that something took stands on the left of its bar: there is no room on the right. */
const LATE = 0.88;

function VisitBar({ visit, scale, until, isThin }: { visit: Visit; scale: Scale; until: number; isThin: boolean }) {
  const segments = segmentsOf(visit, until).filter(({ from, to }) => to >= scale.from && from <= scale.to);
  const end = visit.ended ?? until;
  const [start, stop] = [scale.place(visit.started), scale.place(end)];
  return (
    <>
      {segments.map((segment) => (
        <i
          key={`${segment.kind} ${segment.from}`}
          className={`bar ${segment.kind} ${segment.kind === "works" ? standingOf(visit) : ""} ${isThin ? "thin" : ""}`}
          title={told(segment)}
          style={{
            left: percent(scale.place(segment.from)),
            width: percent(scale.place(segment.to) - scale.place(segment.from)),
          }}
        />
      ))}
      <span className="took" style={stop < LATE ? { left: percent(stop) } : { right: percent(1 - start) }}>
        {duration(end - visit.started)}
        {visit.attempts > 1 && ` · ${words.failure.attempts(visit.attempts)}`}
      </span>
    </>
  );
}

function told({ kind, from, to, error }: Segment): string {
  const took = duration(to - from);
  if (kind === "waits") return words.timeline.waits(took);
  return kind === "fails" ? words.timeline.failed(error ?? "", took) : took;
}

const PARTS = 160;

/** Iterations that are too many to be seen each by itself: how many there were at once, and where some failed. */
function Crowd({ visits, scale, until }: { visits: readonly Visit[]; scale: Scale; until: number }) {
  const { running, failed } = density(visits, scale, PARTS, until);
  const most = Math.max(1, ...running);
  const mostFailed = Math.max(1, ...failed);
  const heights = running.map((count, index) => `L${index},${1 - count / most}L${index + 1},${1 - count / most}`);
  return (
    <svg className="crowd" viewBox={`0 0 ${PARTS} 1`} preserveAspectRatio="none" focusable="false">
      <title>{words.timeline.atOnce(most)}</title>
      <path d={`M0,1${heights.join("")}L${PARTS},1Z`} />
      {failed.map((count, index) =>
        count ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of the line have no other name
          <rect key={index} x={index} y={0} width={1} height={0.25 + 0.75 * (count / mostFailed)} />
        ) : null,
      )}
    </svg>
  );
}
