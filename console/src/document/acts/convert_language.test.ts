import { expect, test } from "vitest";
import { open } from "../document";
import { convertLanguage } from "./convert_language";

const TEXT = `StartAt: Ship
States:
  Ship:
    Type: Pass # sends it
    # What is told
    Parameters:
      # of the order
      id.$: $.order.id # the key
      weight: 1.50
    End: true
`;
const VALUE = open(
  '{"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"id": "{% $states.input.order.id %}", "weight": 1.5}, "End": true}',
).value;

test("fields get other names where they stand, with their comments, and numbers keep their letters", () => {
  const done = convertLanguage(open(TEXT), "Convert Ship to JSONata", "/States/Ship", VALUE);

  expect(done.rewritten).toEqual([]);
  expect(done.selection).toBe("/States/Ship");
  expect(done.document.text).toBe(`StartAt: Ship
States:
  Ship:
    Type: Pass # sends it
    QueryLanguage: JSONata
    # What is told
    Output:
      # of the order
      id: "{% $states.input.order.id %}" # the key
      weight: 1.50
    End: true
`);
});
