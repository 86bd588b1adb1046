import { expect, test } from "vitest";
import { placeAt } from "./carrying";

/** Three items of unlike heights, by their middles. */
const MIDDLES = [50, 150, 400];

test.each([
  [0, -20, 0],
  [0, 149, 0],
  [0, 151, 1],
  [0, 900, 2],
  [1, 40, 0],
  [1, 200, 1],
  [1, 401, 2],
  [2, 100, 1],
  [2, 20, 0],
])("the item at %i, let go at %i, comes to stand at %i", (from, y, to) => {
  expect(placeAt(y, MIDDLES, from)).toBe(to);
});
