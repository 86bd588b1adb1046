/** Where one is in an execution: any moment of it can be looked at again. */
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useCallback, useMemo, useState } from "react";
import { scaleOf } from "../execution/scale";
import { useNow } from "../shell/moment";
import { words } from "../words";
import { duration, exactly } from "../words/time";
import { SPEEDS, usePlay, usualSpeed } from "./play";
import "./slider.css";

interface Props {
  /** When something happened, in order. */
  moments: readonly number[];
  /** When the execution was; null: it has not ended. */
  started: number;
  ended: number | null;
  /** The moment that is shown; undefined: now. */
  at: number | undefined;
  onAt: (at: number | undefined) => void;
}

/** Fine enough for any screen. */
const PARTS = 10_000;

export function Slider({ moments, started, ended, at, onAt }: Props) {
  const [isPlaying, play] = useState(false);
  const [chosen, choose] = useState<number | null>(null);
  const now = useNow(ended === null && at === undefined);
  const end = Math.max(ended ?? now, moments.at(-1) ?? started, started + 1);
  const scale = useMemo(() => scaleOf(moments, started, end, true), [moments, started, end]);
  const speed = chosen ?? usualSpeed(scale);
  const here = Math.min(end, Math.max(started, at ?? end));
  const go = useCallback(
    (to: number) => {
      const isEnd = to >= end;
      onAt(isEnd ? undefined : Math.max(started, to));
      if (isEnd) play(false);
    },
    [end, started, onAt],
  );
  usePlay(isPlaying, scale, here, speed, go);
  const before = lastBefore(moments, here);
  const after = at === undefined ? undefined : moments.find((moment) => moment > here);
  const step = (to: number | undefined) => {
    play(false);
    if (to === undefined) return;
    // The last thing that happened is the end of what has ended, but not of what goes on.
    onAt(to >= end ? undefined : to);
  };
  const told = words.slider.at(duration(here - started), duration(end - started));
  return (
    <fieldset className="slider">
      <legend className="unseen">{words.slider.label}</legend>
      <Button
        variant="icon"
        iconName={isPlaying ? "pause" : "play"}
        ariaLabel={isPlaying ? words.slider.pause : words.slider.play}
        onClick={() => {
          if (!isPlaying && at === undefined) onAt(started);
          play(!isPlaying);
        }}
      />
      <Button
        variant="icon"
        iconName="angle-left"
        ariaLabel={words.slider.back}
        disabled={before === undefined}
        onClick={() => step(before)}
      />
      <Button
        variant="icon"
        iconName="angle-right"
        ariaLabel={words.slider.on}
        disabled={at === undefined}
        onClick={() => step(after ?? end)}
      />
      <span className="track">
        {scale.pieces
          .filter(({ isFolded }) => isFolded)
          .map(({ from, to, start, end: stop }) => (
            <i
              key={from}
              className="fold"
              title={duration(to - from)}
              style={{ left: `${start * 100}%`, width: `${(stop - start) * 100}%` }}
            />
          ))}
        <input
          type="range"
          min={0}
          max={PARTS}
          step={1}
          value={Math.round(scale.place(here) * PARTS)}
          aria-label={words.slider.label}
          aria-valuetext={told}
          onChange={({ target }) => {
            play(false);
            go(Number(target.value) >= PARTS ? end : scale.time(Number(target.value) / PARTS));
          }}
          onKeyDown={(event) => {
            const isBack = event.key === "ArrowLeft" || event.key === "ArrowDown";
            if (!isBack && event.key !== "ArrowRight" && event.key !== "ArrowUp") return;
            event.preventDefault();
            step(isBack ? before : (after ?? end));
          }}
        />
      </span>
      <output title={exactly(here)}>{told}</output>
      <ButtonDropdown
        expandToViewport
        items={SPEEDS.map((each) => ({
          id: String(each),
          text: words.slider.times(each),
          itemType: "checkbox" as const,
          checked: each === speed,
        }))}
        ariaLabel={words.slider.speed(speed)}
        onItemClick={({ detail }) => choose(Number(detail.id))}
      >
        {words.slider.times(speed)}
      </ButtonDropdown>
      <Button disabled={at === undefined} onClick={() => step(end)}>
        {ended === null ? words.slider.toNow : words.slider.toEnd}
      </Button>
    </fieldset>
  );
}

/** The last of them before; they stand in order. */
function lastBefore(moments: readonly number[], at: number): number | undefined {
  let [low, high] = [0, moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] ?? at) < at) low = middle + 1;
    else high = middle;
  }
  return moments[low - 1];
}
