// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { Execution } from "../../api/generated/console";
import type { Visit } from "../../execution/visits";
import { FailurePanel, RetryingPanel } from "./failure";

afterEach(cleanup);

const execution = (status: Execution["status"], more: Partial<Execution> = {}): Execution => ({
  arn: "arn",
  machine: "arn",
  name: "one",
  status,
  started: 0,
  input: { text: "{}", bytes: 2 },
  revision: "1",
  lastEvent: 9,
  current: [],
  ...more,
});
const visit: Visit = {
  id: 7,
  path: "Orders[3]/Ship",
  pointer: "/States/Orders/ItemProcessor/States/Ship",
  type: "Task",
  started: 0,
  ended: 1,
  outcome: "Failed",
  attempts: 3,
  error: "Job.Failed",
  cameFrom: null,
  within: 3,
  index: 3,
  begun: 0,
  tries: [],
};

test("why it failed is said with state, error, attempts and cause", () => {
  const onShow = vi.fn();
  render(
    <FailurePanel
      execution={execution("FAILED", { error: "Job.Failed", cause: "exit code 1" })}
      visit={visit}
      onShow={onShow}
    />,
  );

  expect(screen.getByText("Job.Failed")).toBeTruthy();
  expect(screen.getByText("Orders[3]/Ship").parentElement?.textContent).toBe("in Orders[3]/Ship, 3 attempts");
  expect(screen.getByText("exit code 1")).toBeTruthy();
  fireEvent.click(screen.getByText("Show this state"));
  expect(onShow).toHaveBeenCalledWith(visit);
});

test("how many attempts there may be, and what Retry and Catch made of the error, is said in words", () => {
  const state = {
    Type: "Task",
    Retry: [{ ErrorEquals: ["Job.Failed"], MaxAttempts: 2 }],
    Catch: [{ ErrorEquals: ["States.Timeout"], Next: "Rejected" }],
  };
  render(
    <FailurePanel
      execution={execution("FAILED", { error: "Job.Failed", cause: "c" })}
      visit={visit}
      state={state}
      onShow={vi.fn()}
    />,
  );

  expect(screen.getByText("Orders[3]/Ship").parentElement?.textContent).toBe("in Orders[3]/Ship, attempt 3 of 3");
  screen.getByText(
    "Retry 1 (Job.Failed) allows 2 retries. No Catch names this error; there is one for States.Timeout.",
  );
});

test("an error that no rule names is marked so", () => {
  render(
    <FailurePanel
      execution={execution("FAILED", { error: "Job.Failed" })}
      visit={visit}
      state={{ Type: "Task" }}
      onShow={vi.fn()}
    />,
  );

  screen.getByText("It has no Retry. It has no Catch.");
});

test("a long cause is folded, and comes whole on demand", () => {
  const cause = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");
  render(<FailurePanel execution={execution("FAILED", { error: "E", cause })} visit={null} onShow={vi.fn()} />);
  expect(screen.queryByText(/line 49/)).toBeNull();

  fireEvent.click(screen.getByText("Show all of it"));

  expect(screen.getByText(/line 49/)).toBeTruthy();
});

test("one that succeeded has no such panel", () => {
  const { container } = render(<FailurePanel execution={execution("SUCCEEDED")} visit={null} onShow={vi.fn()} />);

  expect(container.innerHTML).toBe("");
});

test("what is tried again while it runs is shown with the error before", () => {
  render(<RetryingPanel visits={[{ ...visit, outcome: null, attempts: 2 }]} onShow={vi.fn()} />);

  expect(screen.getByText("It is being tried again")).toBeTruthy();
  expect(screen.getByText("Job.Failed")).toBeTruthy();
});
