/** When each state was entered, how long it took, what was tried again, and what lay beside it. */
import Button from "@cloudscape-design/components/button";
import Toggle from "@cloudscape-design/components/toggle";
import { type CSSProperties, type KeyboardEvent, memo, useMemo, useState } from "react";
import { executionOf, nameOf } from "../api/arns";
import { momentsOf } from "../execution/replay";
import { type Scale, scaleOf } from "../execution/scale";
import { type Bar, barsOf, type Nested, standingOf } from "../execution/timeline";
import type { Visit } from "../execution/visits";
import { type Column, Rows } from "../lists/rows";
import { useNow } from "../shell/moment";
import { words } from "../words";
import { duration } from "../words/time";
import { Axis } from "./axis";
import { Lane } from "./lane";
import "./timeline.css";
import { inside, moved, type Range, zoomed } from "./zoom";

interface Props {
  visits: readonly Visit[];
  /** When something happened, in order. */
  moments: readonly number[];
  /** When the execution was; null: it has not ended. */
  started: number;
  ended: number | null;
  /** The moment that is looked at: what came later is pale. undefined: now. */
  at: number | undefined;
  selected: number | undefined;
  onSelect: (visit: Visit) => void;
  /** Part of the whole; undefined: all of it. */
  zoom: Range | undefined;
  onZoom: (zoom: Range | undefined) => void;
  /** Not all visits are here. */
  isPartial: boolean;
  /** Executions that this one has started; undefined: it has started none. */
  nested?: Joint | undefined;
}

/** `of`: by the ids of the visits that have started them. `onSelect`: a visit of one of them. */
export interface Joint {
  isShown: boolean;
  onShow: (isShown: boolean) => void;
  of: ReadonlyMap<number, Nested>;
  areMore: boolean;
  onSelect: (of: Nested, visit: Visit) => void;
}

export function Timeline(props: Props) {
  const { visits, moments: own, started, ended: over, at, selected, onSelect, zoom, onZoom, isPartial, nested } = props;
  const [isFolding, fold] = useState(true);
  const moments = useMemo(() => withNested(own, nested?.of), [own, nested?.of]);
  // What was started may go on when this one has ended.
  const ended = over === null ? null : Math.max(over, moments.at(-1) ?? over);
  const now = useNow(ended === null);
  const until = ended ?? Math.max(now, moments.at(-1) ?? started);
  const all: Range = [started, until];
  const [from, to] = zoom ? inside(zoom, all) : all;
  const scale = useMemo(() => scaleOf(moments, from, to, isFolding), [moments, from, to, isFolding]);
  const isZoomed = zoom !== undefined;
  const change = (range: Range) => {
    const [first, last] = inside(range, all);
    onZoom(first === started && last === until ? undefined : [first, last]);
  };
  const nearer = () => change(zoomed([from, to], 0.5));
  const further = () => change(zoomed([from, to], 2));
  const keys = (event: KeyboardEvent) => {
    const acts = new Map([
      ["+", nearer],
      ["-", further],
      ["0", () => onZoom(undefined)],
      ["ArrowLeft", () => change(moved([from, to], -0.25, all))],
      ["ArrowRight", () => change(moved([from, to], 0.25, all))],
    ]);
    const act = acts.get(event.key);
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  const { timeline } = words;
  return (
    <section
      className={`listing timeline ${at === undefined ? "" : "past"}`}
      style={{ "--at": scale.place(at ?? until) } as CSSProperties}
      onKeyDown={keys}
    >
      <div className="tools">
        <Button iconName="zoom-in" variant="icon" ariaLabel={timeline.zoomIn} onClick={nearer} />
        <Button
          iconName="zoom-out"
          variant="icon"
          ariaLabel={timeline.zoomOut}
          disabled={!isZoomed}
          onClick={further}
        />
        <Button
          iconName="zoom-to-fit"
          variant="icon"
          ariaLabel={timeline.all}
          disabled={!isZoomed}
          onClick={() => onZoom(undefined)}
        />
        <Toggle checked={isFolding} onChange={({ detail }) => fold(detail.checked)}>
          {timeline.fold}
        </Toggle>
        {nested && (
          <Toggle checked={nested.isShown} onChange={({ detail }) => nested.onShow(detail.checked)}>
            {timeline.nested}
          </Toggle>
        )}
        <span className="counted">
          {isPartial ? timeline.partial : nested?.areMore ? timeline.moreNested(nested.of.size) : timeline.hint}
        </span>
      </div>
      <Lines
        visits={visits}
        scale={scale}
        isZoomed={isZoomed}
        zero={started}
        until={until}
        selected={selected}
        onSelect={onSelect}
        onZoom={onZoom}
        nested={nested?.of}
        onNested={nested?.onSelect}
      />
    </section>
  );
}

/** What happened in all of them. */
function withNested(own: readonly number[], nested: ReadonlyMap<number, Nested> | undefined): readonly number[] {
  if (!nested?.size) return own;
  const others = [...nested.values()].flatMap(({ visits }) => momentsOf(visits));
  return [...new Set([...own, ...others])].sort((one, other) => one - other);
}

interface LinesProps extends Pick<Props, "visits" | "selected" | "onSelect" | "onZoom"> {
  nested: Joint["of"] | undefined;
  onNested: Joint["onSelect"] | undefined;
  scale: Scale;
  isZoomed: boolean;
  zero: number;
  until: number;
}

/** Not drawn again while one moves through time. */
const Lines = memo(function Lines(props: LinesProps) {
  const { visits, scale, isZoomed, zero, until, selected, onSelect, onZoom, nested, onNested } = props;
  const bars = useMemo(() => barsOf(visits, nested), [visits, nested]);
  const shown = useMemo(
    () => (isZoomed ? bars.filter(({ visit }) => isIn(visit, scale, until)) : bars),
    [bars, isZoomed, scale, until],
  );
  const columns = useMemo(() => columnsOn(scale, zero, until, onZoom), [scale, zero, until, onZoom]);
  return (
    <Rows
      label={words.timeline.label}
      count={shown.length}
      columns={columns}
      rowAt={(index) => shown[index]}
      chosen={shown.findIndex(({ visit, of }) => of === null && visit.id === selected)}
      onChoose={(index) => {
        const bar = shown[index];
        if (bar?.of) onNested?.(bar.of, bar.visit);
        else if (bar) onSelect(bar.visit);
      }}
      empty={words.table.none}
    />
  );
});

const isIn = ({ started, ended }: Visit, { from, to }: Scale, until: number): boolean =>
  started <= to && (ended ?? until) >= from;

const columnsOn = (scale: Scale, zero: number, until: number, onRange: (range: Range) => void): Column<Bar>[] => [
  {
    header: words.table.state,
    width: "minmax(130px, 26%)",
    cell: (bar) => <Name bar={bar} zero={zero} until={until} />,
  },
  {
    header: words.timeline.time,
    head: <Axis scale={scale} zero={zero} onRange={onRange} />,
    width: "minmax(0, 1fr)",
    cell: (bar) => <Lane bar={bar} scale={scale} until={until} />,
  },
];

const INDENT = 14;

/** What is in a state stands to the right of it. */
function Name({ bar: { visit, depth, crowd, of, begins }, zero, until }: { bar: Bar; zero: number; until: number }) {
  const { path, index, within, started, ended, attempts } = visit;
  const [after, took] = [duration(started - zero), duration((ended ?? until) - started)];
  return (
    <span className={of ? "nested" : undefined} style={{ paddingInlineStart: depth * INDENT }}>
      {within !== null && index !== null && <span className="within">[{index}] </span>}
      {path.slice(path.lastIndexOf("/") + 1)}
      {crowd && <span className="within"> {words.timeline.crowd(crowd.iterations)}</span>}
      {of && begins && <span className="within"> {executionOf(of.arn).name}</span>}
      {of && <span className="unseen"> {words.timeline.ofNested(nameOf(of.arn))}</span>}
      <span className="unseen">{words.timeline.spoken(words.standing[standingOf(visit)], after, took, attempts)}</span>
    </span>
  );
}
