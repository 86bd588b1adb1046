import { expect, test } from "vitest";
import { statesOf, stateText, withState } from "./state_text";

const TEXT =
  '{"StartAt": "a/b", "States": {"a/b": {"Type": "Wait", "Seconds": 1.0}, "P": {"Branches": [{"States": {"C": 1}}]}}}';

test("a state's text is as it was written", () => {
  expect(stateText(TEXT, "/States/a~1b")).toBe('{"Type": "Wait", "Seconds": 1.0}');
  expect(stateText(TEXT, "/States/P/Branches/0/States/C")).toBe("1");
});

test.each(["/States/none", "/States/P/Branches/7/States/C", "/x/y"])("there is none at %s", (pointer) => {
  expect(stateText(TEXT, pointer)).toBeNull();
});

test("states that are in no other are named in their order", () => {
  expect(statesOf(TEXT)).toEqual(["a/b", "P"]);
});

test("what is no JSON has no states", () => {
  expect(stateText("a: 1", "/States/a")).toBeNull();
  expect([statesOf("a: 1"), statesOf("[]"), statesOf('{"States": 1}')]).toEqual([[], [], []]);
});

test("another text takes a state's place, and nothing else changes", () => {
  expect(withState(TEXT, "/States/a~1b", '{"Type": "Succeed"}')).toBe(
    TEXT.replace('{"Type": "Wait", "Seconds": 1.0}', '{"Type": "Succeed"}'),
  );
});
