/** What a stream reports of a list of executions. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { type Wanted, watchOf } from "./executions";
import type { ExecutionPage, ExecutionRow, GoneFrame, RowFrame } from "./generated/console";
import { type Hear, seldom } from "./live";

const RECOUNT_MILLIS = 2_000;

export function hearingRows(queries: QueryClient, watch: string): Hear {
  const isShown = ({ queryKey: [of, wanted] }: { queryKey: readonly unknown[] }) =>
    of === "executions" && watchOf(wanted as Wanted) === watch;
  const recount = seldom(() => void queries.invalidateQueries({ queryKey: ["execution-counts"] }), RECOUNT_MILLIS);
  const reread = seldom(() => void queries.invalidateQueries({ predicate: isShown }), RECOUNT_MILLIS);
  const change = (by: (pages: readonly ExecutionPage[]) => ExecutionPage[]) => {
    queries.setQueriesData<InfiniteData<ExecutionPage>>({ predicate: isShown }, (known) => {
      return known && { ...known, pages: by(known.pages) };
    });
    recount();
    // An answer that is on its way may be older than what was reported just now.
    if (queries.isFetching({ predicate: isShown }) > 0) reread();
  };
  return ({ name, data }) => {
    if (name === "row") change((pages) => withRow(pages, (JSON.parse(data) as RowFrame).row));
    else if (name === "gone") change((pages) => without(pages, (JSON.parse(data) as GoneFrame).arn));
    else if (name === "ready" || name === "resync") {
      reread();
      recount();
    }
  };
}

/** Those started last stand first; one that would stand behind what was fetched comes with it. */
export function withRow(pages: readonly ExecutionPage[], row: ExecutionRow): ExecutionPage[] {
  if (pages.some(({ rows }) => rows.some(({ arn }) => arn === row.arn))) {
    return pages.map((page) => ({ ...page, rows: page.rows.map((each) => (each.arn === row.arn ? row : each)) }));
  }
  const target = pages.findIndex(
    ({ rows, next }) => next === undefined || rows.some((each) => each.started <= row.started),
  );
  return pages.map((page, index) => {
    if (index !== target) return page;
    const place = page.rows.findIndex((each) => each.started <= row.started);
    const rows = [...page.rows];
    rows.splice(place < 0 ? rows.length : place, 0, row);
    return { ...page, rows };
  });
}

const without = (pages: readonly ExecutionPage[], gone: string): ExecutionPage[] =>
  pages.map((page) => ({ ...page, rows: page.rows.filter(({ arn }) => arn !== gone) }));
