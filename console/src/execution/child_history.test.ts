import { expect, test } from "vitest";
import { scopeOfChild } from "./child_history";
import { eventsOf } from "./history_file";
import { visitsOf } from "./import_history";
import { taken } from "./visits";

const item = (name: string) => ({
  StartAt: name,
  States: { [name]: { Type: "Pass", Next: `${name}2` }, [`${name}2`]: { Type: "Succeed" } },
});
const DEFINITION = {
  StartAt: "Orders",
  States: {
    Orders: { Type: "Map", ItemProcessor: item("Check"), Next: "Lines" },
    Lines: { Type: "Map", ItemProcessor: item("Ship"), End: true },
  },
};
const EVENTS = eventsOf(
  JSON.stringify({
    events: [
      { id: 1, type: "ExecutionStarted", timestamp: 1 },
      { id: 2, previousEventId: 1, type: "PassStateEntered", timestamp: 2, stateEnteredEventDetails: { name: "Ship" } },
      { id: 3, previousEventId: 2, type: "PassStateExited", timestamp: 3, stateExitedEventDetails: { name: "Ship" } },
      {
        id: 4,
        previousEventId: 3,
        type: "SucceedStateEntered",
        timestamp: 4,
        stateEnteredEventDetails: { name: "Ship2" },
      },
    ],
  }),
);
const SCOPE = "/States/Lines/ItemProcessor";

test("what a child execution runs is found by the state that it has entered first", () => {
  expect(scopeOfChild(EVENTS, DEFINITION)).toBe(SCOPE);
  expect(scopeOfChild(EVENTS.slice(0, 1), DEFINITION)).toBe("");
  expect(scopeOfChild(EVENTS, null)).toBe("");
});

test("a child execution's states and ways are those of its Map in the whole definition", () => {
  const visits = visitsOf(EVENTS, DEFINITION, SCOPE);

  expect(visits.map(({ path, pointer, outcome }) => [path, pointer, outcome])).toEqual([
    ["Ship", `${SCOPE}/States/Ship`, "Succeeded"],
    ["Ship2", `${SCOPE}/States/Ship2`, null],
  ]);
  expect([...taken(visits)]).toEqual(expect.arrayContaining([`${SCOPE}/StartAt`, `${SCOPE}/States/Ship/Next`]));
});
