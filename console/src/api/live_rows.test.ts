import { expect, test } from "vitest";
import type { ExecutionPage, ExecutionRow } from "./generated/console";
import { withRow } from "./live_rows";

const row = (name: string, started: number, status: ExecutionRow["status"] = "RUNNING"): ExecutionRow => ({
  arn: name,
  name,
  machine: "m",
  status,
  started,
});
const names = (pages: readonly ExecutionPage[]) => pages.map(({ rows }) => rows.map(({ name }) => name));
const PAGES: ExecutionPage[] = [
  { rows: [row("e", 50), row("d", 40)], next: "2" },
  { rows: [row("b", 20)], next: "3" },
];

test("an execution that was started just now stands first", () => {
  expect(names(withRow(PAGES, row("f", 60)))).toEqual([["f", "e", "d"], ["b"]]);
});

test("one that has changed stays where it is", () => {
  const pages = withRow(PAGES, row("d", 40, "FAILED"));

  expect(names(pages)).toEqual([["e", "d"], ["b"]]);
  expect(pages[0]?.rows[1]?.status).toBe("FAILED");
});

test("one that was redriven into the list stands where it belongs", () => {
  expect(names(withRow(PAGES, row("c", 30)))).toEqual([
    ["e", "d"],
    ["c", "b"],
  ]);
});

test("one behind what was fetched comes when that is", () => {
  expect(names(withRow(PAGES, row("a", 10)))).toEqual([["e", "d"], ["b"]]);
});
