/** What a stream reports, put where the queries of pages have it. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Frame } from "./frames";
import { me } from "./session";
import { type Link, listen } from "./stream";

export type Hear = (frame: Frame) => void | Promise<void>;

/** `watch`: as `v1/stream` has it; null: nothing yet. `hearing` makes what hears of it. */
export function useStream(watch: string | null, hearing: (queries: QueryClient, watch: string) => Hear): Link {
  const queries = useQueryClient();
  const { data } = useQuery(me);
  const isServed = data?.features.stream ?? false;
  const [link, become] = useState<Link>("opening");
  useEffect(() => {
    become(isServed ? "opening" : "asking");
    if (watch === null || !isServed) return;
    return listen(watch, {
      hear: hearing(queries, watch),
      link: (now) => {
        become(now);
        if (now === "out") void queries.invalidateQueries(me);
      },
    });
  }, [queries, watch, isServed, hearing]);
  return link;
}

/** How often a page asks; not at all while a stream reports. */
export const asking = (link: Link, millis: number): number | false => link !== "live" && millis;

/** Acts at once, and then at most once in so many milliseconds, also for the last that was wanted. */
export function seldom(act: () => void, millis: number): () => void {
  let [last, isWaiting] = [Number.NEGATIVE_INFINITY, false];
  return () => {
    if (isWaiting) return;
    const wait = last + millis - performance.now();
    isWaiting = true;
    setTimeout(
      () => {
        isWaiting = false;
        last = performance.now();
        act();
      },
      Math.max(0, wait),
    );
  };
}
