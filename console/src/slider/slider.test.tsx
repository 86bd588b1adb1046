// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { Slider } from "./slider";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function slider(at: number | undefined, ended: number | null = 1_000) {
  const onAt = vi.fn();
  render(<Slider moments={[0, 100, 400, 1_000]} started={0} ended={ended} at={at} onAt={onAt} />);
  return { onAt, thumb: screen.getByRole("slider", { name: "Moment shown" }) };
}

test("arrows go from one thing that happened to the next", () => {
  const { onAt, thumb } = slider(400);

  fireEvent.keyDown(thumb, { key: "ArrowLeft" });
  expect(onAt).toHaveBeenLastCalledWith(100);
  fireEvent.keyDown(thumb, { key: "ArrowRight" });
  expect(onAt).toHaveBeenLastCalledWith(undefined);
});

test("where one is, is said in words", () => {
  expect(slider(400).thumb.getAttribute("aria-valuetext")).toBe("+400 ms of 1.00 s");
});

test("the right end is now, and follows what happens", () => {
  const { onAt, thumb } = slider(400, null);

  fireEvent.change(thumb, { target: { value: "10000" } });

  expect(onAt).toHaveBeenLastCalledWith(undefined);
  expect(screen.getByText("To now")).toBeTruthy();
});

test("playing begins at the beginning when one stands at the end", () => {
  const { onAt } = slider(undefined);

  fireEvent.click(screen.getByLabelText("Play"));

  expect(onAt).toHaveBeenCalledWith(0);
  expect(screen.getByLabelText("Pause")).toBeTruthy();
});

test("a tab that was away for long goes on where it was", () => {
  const frames: FrameRequestCallback[] = [];
  vi.spyOn(window, "requestAnimationFrame").mockImplementation((frame) => frames.push(frame));
  vi.spyOn(performance, "now").mockReturnValue(0);
  const { onAt } = slider(100);

  fireEvent.click(screen.getByLabelText("Play"));
  frames[0]?.(3_600_000);

  expect(onAt.mock.lastCall?.[0]).toBeLessThan(200);
});
