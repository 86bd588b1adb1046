/** Going through an execution again, faster or slower than it went. */
import { useEffect, useRef } from "react";
import type { Scale } from "../execution/scale";

/** Times as fast as it was. */
export const SPEEDS = [0.1, 1, 10, 100, 1_000, 10_000, 100_000] as const;
/** Nobody looks longer than that unasked. */
const LONGEST_MILLIS = 20_000;
/** A browser that is busy, or a tab that was away, goes on where it was: nothing is left out. */
const LONGEST_FRAME_MILLIS = 100;
/** For what is folded. */
const FOLDED_MILLIS = 400;

/** The slowest at which all of it is seen in little time. */
export function usualSpeed(scale: Scale): number {
  const told = scale.pieces.reduce((sum, { from, to, isFolded }) => sum + (isFolded ? 0 : to - from), 0);
  return SPEEDS.find((speed) => told / speed <= LONGEST_MILLIS) ?? (SPEEDS.at(-1) as number);
}

/** Where one is so many milliseconds later. */
export function later(scale: Scale, at: number, millis: number, speed: number): number {
  let [time, left] = [at, millis];
  for (const { from, to, isFolded } of scale.pieces) {
    if (time >= to) continue;
    const pace = isFolded ? (to - from) / FOLDED_MILLIS : speed;
    const needed = (to - time) / pace;
    if (needed > left) return time + left * pace;
    left -= needed;
    time = to;
  }
  return scale.to;
}

/** Calls `go` for each frame while it plays, and with the end at last. */
export function usePlay(isPlaying: boolean, scale: Scale, at: number, speed: number, go: (at: number) => void): void {
  const here = useRef(at);
  here.current = at;
  useEffect(() => {
    if (!isPlaying) return;
    let before = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      go(later(scale, here.current, Math.min(now - before, LONGEST_FRAME_MILLIS), speed));
      before = now;
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [isPlaying, scale, speed, go]);
}
