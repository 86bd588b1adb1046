import { expect, test } from "vitest";
import { parametersOf } from "./parameters";

test("what is needed comes first, with a value of its kind to begin with", () => {
  const found = parametersOf({
    properties: {
      tags: { type: "array", description: "Words" },
      mode: { enum: ["fast", "slow"] },
      body: { anyOf: [{ $ref: "#/$defs/Body" }, { type: "null" }] },
      name: { type: "string" },
    },
    required: ["name"],
    $defs: { Body: { type: "object", description: "What is sent" } },
  });

  expect(found.map(({ name }) => name)).toEqual(["name", "tags", "mode", "body"]);
  expect(found.map(({ fresh }) => fresh)).toEqual(["", [], "fast", {}]);
  expect(found[3]?.help).toBe("What is sent");
});

test("whatever it is, it does no harm", () => {
  for (const schema of [null, true, 3, "x", [], { properties: null }, { required: "name" }]) {
    expect(parametersOf(schema)).toEqual([]);
  }
});
