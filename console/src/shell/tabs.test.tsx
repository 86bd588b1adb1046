// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { Tabs } from "./tabs";

afterEach(cleanup);

const TABS = (["in", "out", "log"] as const).map((id) => ({ id, label: id, content: `what is in ${id}` }));

function Part({ begin }: { begin?: "out" }) {
  const [chosen, choose] = useState<(typeof TABS)[number]["id"] | undefined>(begin);
  return <Tabs label="Parts" tabs={TABS} chosen={chosen} onChoose={choose} />;
}

const chosen = () => screen.getByRole("tab", { selected: true });
const press = (key: string) => fireEvent.keyDown(chosen(), { key });

test("without a choice the first part is shown, and arrows go on from one to the next and around", () => {
  render(<Part />);
  expect(screen.getByRole("tabpanel", { name: "in" }).textContent).toBe("what is in in");

  for (const [key, name] of [
    ["ArrowRight", "out"],
    ["End", "log"],
    ["ArrowRight", "in"],
    ["ArrowLeft", "log"],
    ["Home", "in"],
  ] as const) {
    press(key);
    expect(chosen().textContent).toBe(name);
    expect(document.activeElement).toBe(chosen());
    screen.getByRole("tabpanel", { name });
  }
});

test("the Tab key reaches the part that is shown alone", () => {
  render(<Part begin="out" />);

  expect(screen.getAllByRole("tab").map(({ tabIndex }) => tabIndex)).toEqual([-1, 0, -1]);
});
