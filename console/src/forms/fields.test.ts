import { describe, expect, test } from "vitest";
import generated from "../generated/fields.json";
import { type Asked, alternativesIn, fieldsIn, type Language, MACHINE, placeOf } from "../language/fields";
import { EDITORS } from "./kinds";

/** All fields that a form shows, one in another. */
function reached(type: string, language: Language, holder = ""): Asked[] {
  return fieldsIn(type, language, holder).flatMap((asked) => {
    const inside = new Set(["objects", "rules"]).has(asked.field.kind) ? `${asked.place}[]` : asked.place;
    return [asked, ...reached(type, language, inside)];
  });
}

const all = [
  ...Object.entries(generated.states).flatMap(([type, languages]) =>
    Object.entries(languages).map(([language, schema]) => [type, language as Language, schema.fields] as const),
  ),
  [MACHINE, "JSONPath", generated.machine.fields] as const,
];

describe("each field of the language has an editor, a title and help", () => {
  test.each(all)("%s in %s", (type, language, fields) => {
    const shown = reached(type, language);

    expect(shown.map(({ place }) => place).sort()).toEqual(Object.keys(fields).sort());
    for (const { place, field, title, help } of shown) {
      expect(EDITORS[field.kind], `an editor of ${place}, which is ${field.kind}`).toBeDefined();
      expect(title).not.toBe("");
      expect(help).not.toBe("");
    }
  });

  test("all 293 of them, and those of the machine", () => {
    expect(all.reduce((sum, [, , fields]) => sum + Object.keys(fields).length, 0)).toBe(293 + 4);
  });
});

test("fields that exclude one another are marked where they stand", () => {
  expect(alternativesIn("Wait", "JSONPath", "")).toContainEqual({
    names: ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
    required: true,
  });
  expect(alternativesIn("Map", "JSONPath", "ItemBatcher").map(({ names }) => names)).toContainEqual([
    "MaxItemsPerBatch",
    "MaxItemsPerBatchPath",
  ]);
  expect(alternativesIn("Map", "JSONata", "ItemBatcher")).toEqual([]);
});

test("a place in a state has its place in the language", () => {
  expect(placeOf(["Retry", "0"])).toBe("Retry[]");
  expect(placeOf(["ItemReader", "ReaderConfig"])).toBe("ItemReader/ReaderConfig");
  expect(placeOf([])).toBe("");
});
