/** Views of the list of executions that a person has kept: what it was narrowed to, under a name. In this browser alone. */
import { useCallback, useState } from "react";
import { own } from "../../api/session";
import { keep, kept } from "../../kept";
import { type ExecutionsSearch, readExecutionsSearch } from "./search";

export interface View {
  name: string;
  search: ExecutionsSearch;
}

export const MOST_VIEWS = 30;
export const LONGEST_NAME = 60;

const keyOf = (namespace: string): string => own(`stepwright.views.${namespace}`);

/** Whatever somebody has put there. */
export function readViews(text: string | null): View[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(found)) return [];
  return found
    .filter((each): each is { name: string; search: object } => isNamed(each))
    .slice(0, MOST_VIEWS)
    .map(({ name, search }) => ({ name, search: readExecutionsSearch({ ...search }) }));
}

const isNamed = (each: unknown): boolean => {
  const { name, search } = (each ?? {}) as Record<string, unknown>;
  return typeof name === "string" && name !== "" && typeof search === "object" && search !== null;
};

/** A view of the same name gives way; the newest is the last. */
export const withView = (views: readonly View[], view: View): View[] =>
  [...views.filter(({ name }) => name !== view.name), view].slice(-MOST_VIEWS);

const asText = (search: ExecutionsSearch): string =>
  JSON.stringify(Object.entries(search).sort(([one], [other]) => (one < other ? -1 : 1)));

export const isSame = (one: ExecutionsSearch, other: ExecutionsSearch): boolean => asText(one) === asText(other);

/** Of a tenant. */
export function useViews(namespace: string) {
  const key = keyOf(namespace);
  const [views, set] = useState(() => readViews(kept(key)));
  const change = useCallback(
    (made: (before: readonly View[]) => View[]) => {
      // Another tab may have kept one meanwhile.
      const now = made(readViews(kept(key)));
      keep(key, JSON.stringify(now));
      set(now);
    },
    [key],
  );
  const add = useCallback((view: View) => change((before) => withView(before, view)), [change]);
  const forget = useCallback(
    (name: string) => change((before) => before.filter((each) => each.name !== name)),
    [change],
  );
  return { views, add, forget };
}
