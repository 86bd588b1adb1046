import { expect, test } from "vitest";
import { likeliest } from "./log_sources";

const source = (attempt: number, container: string) => ({ attempt, container });
const LOCAL = [source(1, "stdout"), source(1, "stderr"), source(2, "stdout"), source(2, "stderr")];

test.each([
  ["one that failed", LOCAL, true, ["2 stderr", "2 stdout"]],
  ["one that goes on", LOCAL, false, ["2 stdout", "2 stderr"]],
  ["a pod", [source(1, "main"), source(1, "proxy")], true, ["1 main", "1 proxy"]],
  ["nothing", [], true, []],
] as const)("of %s the newest attempt comes first", (_, sources, hasFailed, order) => {
  expect(likeliest(sources, hasFailed).map(({ attempt, container }) => `${attempt} ${container}`)).toEqual(order);
});
