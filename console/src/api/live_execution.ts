/** What a stream reports of one execution. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { patched, type VisitWindow } from "../execution/windows";
import { isOver } from "./executions";
import type {
  Execution,
  ExecutionFrame,
  MapRunFrame,
  ProgressFrame,
  Tallies,
  TalliesFrame,
  VisitRow,
  VisitsFrame,
} from "./generated/console";
import { type Hear, seldom } from "./live";
import { mapRunKey, withCounts } from "./map_runs";
import { isOf, type Of, tellWhatIsRead, visitOf } from "./visits";

/** What is too much to be reported is read again, not more often than this. */
const REREAD_MILLIS = 2_000;
const MOST_CURRENT = 20;

export function hearingExecution(queries: QueryClient, watch: string): Hear {
  const arn = watch.slice("execution:".length);
  const reread = seldom(() => {
    void queries.invalidateQueries({ queryKey: ["visits", arn] });
    void queries.invalidateQueries({ queryKey: ["some-visits", arn] });
    // A server in a cluster reports that an execution has gone on, not what has become of its Map Runs.
    void queries.invalidateQueries({ queryKey: ["map-run"] });
  }, REREAD_MILLIS);
  /** An answer that is on its way may be older than what was reported just now: it is asked for once more. */
  const again = (queryKey: readonly unknown[]) => {
    if (queries.isFetching({ queryKey }) > 0) void queries.invalidateQueries({ queryKey });
  };
  const change = (by: (known: Execution) => Execution) => {
    const key = ["execution", arn];
    queries.setQueryData<Execution>(key, (known) => known && by(known));
    again(key);
  };
  /** What was read before the stream was there may be old, unless it was over by then, and is what it was. */
  let isNew = true;

  const described = async ({ execution }: ExecutionFrame) => {
    const key = ["execution", arn];
    const known = queries.getQueryData<Execution>(key);
    await queries.cancelQueries({ queryKey: key });
    queries.setQueryData<Execution>(key, execution);
    const isSame = known?.lastEvent === execution.lastEvent && known.redrives === execution.redrives;
    if (isNew && !(isSame && isOver(execution))) reread();
    if (!isNew) void queries.invalidateQueries({ queryKey: ["some-visits", arn] });
    isNew = false;
  };
  const counted = async ({ tallies }: TalliesFrame) => {
    const key = ["tallies", arn];
    await queries.cancelQueries({ queryKey: key });
    queries.setQueryData<Tallies>(key, (known) => ({ tallies: { ...known?.tallies, ...tallies } }));
  };
  const visited = ({ rows }: VisitsFrame) => {
    const told = rows.map(visitOf);
    tellWhatIsRead(arn, told);
    queries.setQueriesData<InfiniteData<VisitWindow>>({ queryKey: ["visits", arn] }, (known) => {
      const pages = known?.pages.map((page) => patched(page, told));
      return known && pages && { ...known, pages };
    });
    for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: ["some-visits", arn] })) {
      const of = queryKey[2] as Of;
      const ours = told.filter((visit) => isOf(visit, of));
      queries.setQueryData<VisitWindow>(queryKey, (known) => known && patched(known, ours));
    }
    change((known) => ({ ...known, current: current(known.current, rows) }));
  };

  return async ({ name, data }) => {
    const said: unknown = JSON.parse(data);
    if (name === "ready") isNew = true;
    else if (name === "execution") await described(said as ExecutionFrame);
    else if (name === "tallies") await counted(said as TalliesFrame);
    else if (name === "visits") visited(said as VisitsFrame);
    else if (name === "resync") reread();
    else if (name === "mapRun") {
      const frame = said as MapRunFrame;
      const key = mapRunKey(frame.mapRun);
      queries.setQueryData(key, withCounts(frame));
      // When that was is not reported.
      if (frame.status !== "RUNNING") void queries.invalidateQueries({ queryKey: key });
      else again(key);
    } else if (name === "progress") {
      const { lastEvent } = said as ProgressFrame;
      change((known) => ({ ...known, lastEvent: Math.max(known.lastEvent, lastEvent) }));
    }
  };
}

/** Those that have not ended, with those that have begun since. */
function current(known: readonly VisitRow[], told: readonly VisitRow[]): readonly VisitRow[] {
  const rows = new Map([...known, ...told].map((row) => [row[0], row] as const));
  return [...rows.values()].filter(([, , , , , , outcome]) => outcome === null).slice(-MOST_CURRENT);
}
