import fc from "fast-check";
import { expect, test } from "vitest";
import { made } from "./making";
import { asOf, Replay } from "./replay";
import { count, retries, standing, taken, type Visit } from "./visits";

const first = made({
  id: 1,
  path: "First",
  started: 10,
  ended: 40,
  outcome: "Succeeded",
  attempts: 2,
  cameFrom: { visit: 0, edge: "StartAt" },
  tries: [{ number: 0, begun: 10, ended: 20, error: "E" }],
  begun: 30,
});
const second = made({ id: 5, path: "Second", started: 40, cameFrom: { visit: 1, edge: "Next" } });

test("at each moment states stand as they stood then", () => {
  const replay = new Replay([first, second]);

  expect(replay.moments).toEqual([10, 20, 40]);
  expect(replay.at(9).tallies.size).toBe(0);
  expect(standing(replay.at(10).tallies.get("/States/First"))).toBe("Running");
  expect(retries(replay.at(19).tallies.get("/States/First"))).toBe(0);
  expect(retries(replay.at(20).tallies.get("/States/First"))).toBe(1);
  expect(replay.at(40).tallies.get("/States/First")).toEqual({ Succeeded: { count: 1, retries: 1 } });
  expect(replay.at(40).taken).toContain("/States/First/Next");
  expect(replay.at(39).taken).not.toContain("/States/First/Next");
});

test("what has not changed between two moments is the same object, so that nothing is drawn again", () => {
  const replay = new Replay([first, second]);
  const before = replay.at(40);

  expect(replay.at(41)).toBe(before);
  expect(replay.at(20).taken).toBe(replay.at(30).taken);
});

test("a table shows what had begun by then, as it was", () => {
  const [shown, ...others] = asOf([first, second], 25);

  expect(others).toEqual([]);
  expect(shown).toMatchObject({ outcome: null, ended: null, attempts: 2, error: "E", begun: null });
  expect(asOf([first, second], 15)[0]).toMatchObject({ attempts: 1, begun: 10, tries: [] });
  expect(asOf([first, second], 40)[0]).toBe(first);
});

const OUTCOMES = ["Succeeded", "Failed", "Caught", "Aborted", "TimedOut", null] as const;

/** Visits one after the other, some of which overlap. */
const visits = fc
  .array(fc.record({ state: fc.nat(3), wait: fc.nat(5), took: fc.nat(20), outcome: fc.constantFrom(...OUTCOMES) }))
  .map((steps) => {
    let now = 0;
    return steps.map(({ state, wait, took, outcome }, index): Visit => {
      now += wait;
      return made({
        id: index + 1,
        path: `S${state}`,
        started: now,
        ended: outcome === null ? null : now + took,
        outcome,
        cameFrom: { visit: index, edge: "Next" },
      });
    });
  });

test("however one moves, the picture is that of the visits of the moment", () => {
  fc.assert(
    fc.property(visits, fc.array(fc.nat(60), { minLength: 1 }), (all, moves) => {
      const replay = new Replay(all);
      for (const move of moves) {
        const { tallies, taken: ways } = replay.at(move);
        const then = asOf(all, move);
        for (const pointer of new Set(all.map((visit) => visit.pointer))) {
          const here = then.filter((visit) => visit.pointer === pointer);
          for (const outcome of OUTCOMES) {
            const wanted = here.filter((visit) => visit.outcome === outcome).length;
            expect(count(tallies.get(pointer), outcome ?? "Running")).toBe(wanted);
          }
        }
        expect([...ways].sort()).toEqual([...taken(then)].sort());
      }
    }),
  );
});
