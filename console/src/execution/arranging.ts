/** Which visits a table shows, and in which order. */
import type { Standing, Visit } from "./visits";

export const SORTABLE = ["state", "status", "attempts", "started", "took"] as const;
export type SortKey = (typeof SORTABLE)[number];

/** `sort`: by what, the greatest first with `-` before it; undefined: in the order in which states were entered. */
export interface Arranging {
  find?: string | undefined;
  standing?: Standing | undefined;
  sort?: SortKey | `-${SortKey}` | undefined;
}

const KEYS: Record<SortKey, (visit: Visit, now: number) => number | string> = {
  state: ({ path }) => path,
  status: ({ outcome }) => outcome ?? "",
  attempts: ({ attempts }) => attempts,
  started: ({ started, id }) => started + id / Number.MAX_SAFE_INTEGER,
  took: ({ started, ended }, now) => (ended ?? now) - started,
};

/** `now`: where what has not ended ends. */
export function arranged(visits: readonly Visit[], { find, standing, sort }: Arranging, now: number): readonly Visit[] {
  const text = find?.trim().toLowerCase();
  const found =
    text || standing
      ? visits.filter(
          (visit) =>
            (!text || visit.path.toLowerCase().includes(text)) &&
            (!standing || (visit.outcome ?? "Running") === standing),
        )
      : visits;
  if (!sort) return found;
  const isDescending = sort.startsWith("-");
  const of = KEYS[sort.replace("-", "") as SortKey];
  const sorted = found
    .map((visit) => ({ visit, key: of(visit, now) }))
    .sort((one, other) => compared(one.key, other.key));
  return (isDescending ? sorted.reverse() : sorted).map(({ visit }) => visit);
}

function compared(one: number | string, other: number | string): number {
  if (typeof one === "string" || typeof other === "string") {
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }
  return one - other;
}

/** Upwards first, then downwards, then not at all. */
export function next(key: SortKey, sort: Arranging["sort"]): Arranging["sort"] {
  if (sort === key) return `-${key}`;
  return sort === `-${key}` ? undefined : key;
}

export const readSort = (text: unknown): Arranging["sort"] =>
  SORTABLE.flatMap((key) => [key, `-${key}`] as const).find((each) => each === text);
