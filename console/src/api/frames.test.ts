import { expect, test } from "vitest";
import { frames } from "./frames";

test("events are reported when they are whole, however they were cut on their way", () => {
  const read = frames();

  expect(read("event: ready\nda")).toEqual([]);
  expect(read('ta: {"watches":1}\n\nevent: progress\ndata: {}\n')).toEqual([{ name: "ready", data: '{"watches":1}' }]);
  expect(read("\n")).toEqual([{ name: "progress", data: "{}" }]);
});

test("comments, by which a stream stays open, tell nothing", () => {
  expect(frames()(": ping\n\n: ping\n\n")).toEqual([]);
});

test("several lines of data are one, and lines may end as Windows ends them", () => {
  expect(frames()("event: a\r\ndata: 1\r\ndata: 2\r\n\r\n")).toEqual([{ name: "a", data: "1\n2" }]);
});

test("an event that has no end is given up", () => {
  const read = frames();
  const piece = "x".repeat(9 * 1024 * 1024);
  read(piece);

  expect(() => read(piece)).toThrow("no end");
});
