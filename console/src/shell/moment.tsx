import { useEffect, useState } from "react";
import { duration, exactly, moment } from "../words/time";

/** A moment in few words; all of it on hovering. */
export const Moment = ({ at }: { at: number }) => (
  <time dateTime={new Date(at).toISOString()} title={exactly(at)} className="numbers">
    {moment(at)}
  </time>
);

const BEAT_MILLIS = 1000;

/** From `from` to `to`, or as long as that has not come, to now. */
export function Duration({ from, to }: { from: number; to: number | null }) {
  const now = useNow(to === null);
  return <span className="numbers">{duration((to ?? Math.max(now, from)) - from)}</span>;
}

/** Each second while it is wanted. */
export function useNow(isWanted: boolean): number {
  const [now, tick] = useState(Date.now);
  useEffect(() => {
    if (!isWanted) return;
    const timer = setInterval(() => tick(Date.now()), BEAT_MILLIS);
    return () => clearInterval(timer);
  }, [isWanted]);
  return now;
}
