/** Time as a line from 0 to 1, on which long times in which nothing happens take little room. */

/** Times from `from` to `to` lie between `start` and `end` on the line. */
export interface Piece {
  from: number;
  to: number;
  start: number;
  end: number;
  isFolded: boolean;
}

/** So many times longer than is usual between two happenings, and so much of the whole, a time without any is folded. */
const UNUSUAL = 10;
const MUCH = 0.1;
/** What a folded time takes of the line, and all of them together at most. */
const FOLDED = 0.05;
const MOST_FOLDED = 0.3;

export class Scale {
  readonly from: number;
  readonly to: number;

  /** `pieces`: one at least, each beginning where the one before ends. */
  constructor(readonly pieces: readonly Piece[]) {
    this.from = pieces[0]?.from ?? 0;
    this.to = pieces.at(-1)?.to ?? 0;
  }

  /** Times before and behind it are its ends. */
  place(time: number): number {
    for (const { from, to, start, end } of this.pieces) {
      if (time <= to) return to === from ? start : start + (Math.max(0, time - from) / (to - from)) * (end - start);
    }
    return 1;
  }

  time(place: number): number {
    for (const { from, to, start, end } of this.pieces) {
      if (place <= end) return end === start ? from : from + (Math.max(0, place - start) / (end - start)) * (to - from);
    }
    return this.to;
  }
}

/** `moments`: when something happened, in their order. */
export function scaleOf(moments: readonly number[], from: number, to: number, isFolding: boolean): Scale {
  const length = Math.max(1, to - from);
  const folds = isFolding ? gaps(moments, from, from + length) : [];
  const each = Math.min(FOLDED, MOST_FOLDED / Math.max(1, folds.length));
  const told = length - folds.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const rest = 1 - each * folds.length;
  const pieces: Piece[] = [];
  let [time, place] = [from, 0];
  const add = (until: number, share: number, isFolded: boolean) => {
    if (until > time) pieces.push({ from: time, to: until, start: place, end: place + share, isFolded });
    if (until > time) place += share;
    time = until;
  };
  for (const gap of folds) {
    add(gap.from, ((gap.from - time) / told) * rest, false);
    add(gap.to, each, true);
  }
  add(from + length, 1 - place, false);
  const last = pieces.at(-1);
  if (last) pieces[pieces.length - 1] = { ...last, end: 1 };
  return new Scale(pieces);
}

function gaps(moments: readonly number[], from: number, to: number): { from: number; to: number }[] {
  const inside = [from, ...moments.filter((moment) => moment > from && moment < to), to];
  const found = inside
    .slice(1)
    .map((moment, index) => ({ from: inside[index] ?? from, to: moment }))
    .filter((gap) => gap.to > gap.from);
  const lengths = found.map((gap) => gap.to - gap.from).sort((one, other) => one - other);
  // Of few, one long time is what there is to see.
  const usual = lengths[(lengths.length - 1) >> 1] ?? 0;
  const longest = Math.max(UNUSUAL * usual, MUCH * (to - from));
  const folds = found.filter((gap) => gap.to - gap.from > longest);
  return folds.length < found.length ? folds : [];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((count) => count * DAY),
];
/** Of the line, between two of them. */
const APART = 0.11;

/** Round times after `zero` at which the axis has a mark. */
export function ticks(scale: Scale, zero: number): number[] {
  const found: number[] = [];
  for (const { from, to, start, end, isFolded } of scale.pieces) {
    if (isFolded || end - start < APART / 2) continue;
    const wanted = ((to - from) / (end - start)) * APART;
    const step = STEPS.find((each) => each >= wanted) ?? (STEPS.at(-1) as number);
    for (let time = zero + Math.ceil((from - zero) / step) * step; time <= to; time += step) {
      if (scale.place(time) <= 1 - APART / 3) found.push(time);
    }
  }
  return found;
}
