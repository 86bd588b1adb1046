/** Which columns of the table a person wants to see; kept in this browser. */
import { keep, kept } from "../../kept";

export const OPTIONAL = ["type", "status", "attempts", "started", "took", "error"] as const;
type Optional = (typeof OPTIONAL)[number];

const KEY = "stepwright.visits.columns";
const USUAL: readonly Optional[] = OPTIONAL.filter((column) => column !== "type");

export function columnsKept(): readonly Optional[] {
  const known = kept(KEY)?.split(" ");
  return known ? OPTIONAL.filter((column) => known.includes(column)) : USUAL;
}

export function keepColumns(column: string, isWanted: boolean): readonly Optional[] {
  const before = columnsKept();
  const wanted = OPTIONAL.filter((each) => (each === column ? isWanted : before.includes(each)));
  keep(KEY, wanted.join(" "));
  return wanted;
}
