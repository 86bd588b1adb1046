// @vitest-environment happy-dom
import { render, renderHook, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { forgetAfterEach, json, WithQueries as wrapper } from "../../../tests/unit/shown";
import { useVisits } from "../../api/visits";
import { EventPanel } from "./event_panel";

forgetAfterEach();

const answer = (status: number, body: unknown) => vi.stubGlobal("fetch", async () => json(status, body));

test("an event that is not there is said so", async () => {
  answer(200, { events: [] });
  render(<EventPanel execution="arn" id={999} onClose={() => undefined} />, { wrapper });

  await screen.findByText("There is no such event.");
});

test("why an event cannot be read is said", async () => {
  answer(403, { code: "AccessDeniedException", message: "ana may not perform GetExecutionHistory" });
  render(<EventPanel execution="arn" id={1} onClose={() => undefined} />, { wrapper });

  await screen.findByText("ana may not perform GetExecutionHistory");
});

test("what an execution did is not taken for nothing where it may not be read", async () => {
  answer(403, { code: "AccessDeniedException", message: "ana may not perform GetExecutionHistory" });
  const { result } = renderHook(() => useVisits("arn", 0, "live"), { wrapper });

  await waitFor(() => expect(result.current.error?.message).toBe("ana may not perform GetExecutionHistory"));
});
