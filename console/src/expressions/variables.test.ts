import { expect, test } from "vitest";
import { open } from "../document";
import { variablesAt } from "./variables";

const document = open(`
StartAt: A
States:
  A: {Type: Pass, Assign: {limit: 1, 'name.$': $.n}, Next: B}
  B:
    Type: Map
    End: true
    ItemProcessor:
      StartAt: C
      States:
        C: {Type: Task, Resource: acme:deliver, Catch: [{ErrorEquals: [States.ALL], Next: D, Assign: {lost: 1}}], Next: D}
        D: {Type: Pass, End: true}
`);

test("a state reads the variables of its scope and of all around it, not those inside", () => {
  expect(variablesAt(document, "/States/A")).toEqual(["limit", "name"]);
  expect(variablesAt(document, "/States/B/ItemProcessor/States/D")).toEqual(["limit", "lost", "name"]);
});
