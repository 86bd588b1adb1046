import { expect, test } from "vitest";
import { ApiFailure } from "./client";
import { listMillis } from "./machines";
import { retry } from "./queries";

test.each([0, 502, 503, 504])("what cannot be had now (%i) is asked for until it can", (status) => {
  expect(retry(1_000, new ApiFailure(status, "x", "not now"))).toBe(true);
});

test("a refusal is not asked for again, and a failure not for ever", () => {
  expect(retry(0, new ApiFailure(403, "AccessDeniedException", "no"))).toBe(false);
  expect(retry(0, new ApiFailure(500, "InternalServerError", "error_id 7"))).toBe(true);
  expect(retry(3, new ApiFailure(500, "InternalServerError", "error_id 7"))).toBe(false);
});

test("a list of many pages is asked for again more seldom", () => {
  expect(listMillis(undefined)).toBe(5_000);
  expect(listMillis({ pages: [1] })).toBe(5_000);
  expect(listMillis({ pages: [1, 2, 3] })).toBe(15_000);
});
