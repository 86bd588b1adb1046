import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { VisitData } from "../../api/generated/console";
import { someVisits } from "../../api/visits";
import { valueAt } from "../../document/value";
import type { Nested } from "../../execution/timeline";
import type { Visit } from "../../execution/visits";
import { usePathOf } from "../../shell/here";
import type { Joint } from "../../timeline/timeline";
import type { Change, ViewerSearch } from "./search";
import { startedBy, starts, whatItStarted } from "./started";

/** Executions that are shown with the one that has started them. */
export const MOST_NESTED = 20;

const NONE: ReadonlyMap<number, Nested> = new Map();

interface Found {
  /** Whether any visit starts executions. */
  areThere: boolean;
  /** By the ids of the visits that have started them. */
  nested: ReadonlyMap<number, Nested>;
  /** There are more than are shown. */
  areMore: boolean;
}

/** The timeline's, if it has started any executions. */
export function useJoint(
  arn: string,
  visits: readonly Visit[],
  definition: unknown,
  { view, nested }: ViewerSearch,
  show: (change: Change) => void,
): Joint | undefined {
  const isShown = nested === true;
  const { areThere, nested: of, areMore } = useNested(arn, visits, definition, isShown && view === "timeline");
  const pathOf = usePathOf();
  const { history } = useRouter();
  const onSelect = useCallback(
    ({ arn: child }: Nested, { pointer, id }: Visit) => {
      const search: ViewerSearch = { view: "timeline", state: pointer, visit: id };
      history.push(`${pathOf(child)}?${new URLSearchParams(Object.entries(search).map(asTexts))}`);
    },
    [history, pathOf],
  );
  if (!areThere) return undefined;
  return { isShown, onShow: (wanted) => show({ nested: wanted || undefined }), of, areMore, onSelect };
}

const asTexts = ([name, value]: [string, unknown]): [string, string] => [name, String(value)];

/** What the executions did that an execution has started, the first of them. */
function useNested(arn: string, visits: readonly Visit[], definition: unknown, isWanted: boolean): Found {
  const starters = useMemo(
    () => visits.filter(({ type, pointer }) => type === "Task" && starts(valueAt(definition, pointer))),
    [visits, definition],
  );
  const looked = useMemo(() => (isWanted ? starters.slice(0, MOST_NESTED) : []), [starters, isWanted]);
  const children = useQueries({
    queries: looked.map((visit) => whatItStarted(arn, visit)),
    combine: useCallback(
      (answers: UseQueryResult<VisitData>[]) =>
        answers.flatMap(({ data }, index) => {
          const visit = looked[index];
          const [child] = data ? startedBy(data) : [];
          return visit && child ? [{ visit, arn: child }] : [];
        }),
      [looked],
    ),
  });
  const nested = useQueries({
    queries: children.map(({ visit, arn: child }) =>
      someVisits(child, {}, true, visit.outcome === null ? "asking" : "live"),
    ),
    combine: useCallback(
      (answers: UseQueryResult<readonly Visit[]>[]) => {
        const found = new Map<number, Nested>();
        for (const [index, { data }] of answers.entries()) {
          const child = children[index];
          if (child && data) found.set(child.visit.id, { arn: child.arn, visits: data });
        }
        return found.size > 0 ? found : NONE;
      },
      [children],
    ),
  });
  return { areThere: starters.length > 0, nested, areMore: isWanted && starters.length > MOST_NESTED };
}
