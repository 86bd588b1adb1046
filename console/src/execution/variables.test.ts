import { expect, test } from "vitest";
import { made } from "./making";
import { assigners } from "./variables";
import type { Visit } from "./visits";

const DEFINITION = {
  States: {
    A: { Assign: { x: 1 } },
    B: {},
    Pick: { Choices: [{ Assign: { y: 1 }, Next: "Each" }] },
    Each: { Assign: { after: 1 }, ItemProcessor: { States: { In: { Catch: [{ Assign: { z: 1 } }] }, Last: {} } } },
  },
};
const visit = (id: number, pointer: string, from: number, edge = "Next"): Visit =>
  made({ id, path: pointer, pointer, cameFrom: { visit: from, edge } });

test("variables come from the states on the way, and from those around before they were entered", () => {
  const visits = [
    visit(1, "/States/A", 0, "StartAt"),
    visit(2, "/States/B", 1),
    visit(3, "/States/Pick", 2),
    visit(4, "/States/Each", 3, "Choices/0/Next"),
    visit(5, "/States/Each/ItemProcessor/States/In", 4, "ItemProcessor/StartAt"),
    visit(6, "/States/Each/ItemProcessor/States/Last", 5),
  ];

  const found = assigners(visits, visits[5] as Visit, DEFINITION);

  expect(found.map(({ id }) => id)).toEqual([1, 3, 5]);
});

test("of a loop the newest round counts", () => {
  const visits = [1, 2, 3, 4].map((id) => visit(id, id % 2 ? "/States/A" : "/States/B", id - 1));

  expect(assigners(visits, visits[3] as Visit, DEFINITION).map(({ id }) => id)).toEqual([3]);
});

test("a way that goes in circles or whose beginning is not there ends", () => {
  expect(assigners([visit(1, "/States/A", 1)], visit(1, "/States/A", 1), DEFINITION)).toHaveLength(1);
  expect(assigners([], visit(9, "/States/A", 8), DEFINITION)).toEqual([]);
});
