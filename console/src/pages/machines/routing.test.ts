import { expect, test } from "vitest";
import { routesOf, routingOf, wrongIn } from "./routing";

const MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
const to = (version: number, weight: number) => ({ stateMachineVersionArn: `${MACHINE}:${version}`, weight });

test("a new alias is offered the newest version, alone", () => {
  const offered = routingOf([], 7);

  expect(wrongIn(offered)).toBeNull();
  expect(routesOf(MACHINE, offered)).toEqual([to(7, 100)]);
});

test("what an alias has comes out as it went in", () => {
  for (const routes of [[to(3, 100)], [to(3, 90), to(2, 10)], [to(3, 100), to(2, 0)]]) {
    const routing = routingOf(routes, 3);
    expect(wrongIn(routing)).toBeNull();
    expect(routesOf(MACHINE, routing)).toEqual(routes);
  }
});

test("what AWS would refuse is said before it is asked", () => {
  expect(wrongIn({ first: null, second: null, share: "10" })).toBe("none");
  expect(wrongIn({ first: 2, second: 2, share: "10" })).toBe("same");
  for (const share of ["", "101", "-1", "1.5", "half"]) {
    expect(wrongIn({ first: 3, second: 2, share })).toBe("share");
  }
  expect(wrongIn({ first: 3, second: null, share: "half" })).toBeNull();
});
