import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Document, open } from "./document";
import type { Edit } from "./edit";
import { made } from "./making";
import { child, last, type Pointer, parent } from "./pointer";
import { machines, type Plain, values, WAYS, type Written } from "./random_texts";
import { applied, inverted } from "./splice";

const KINDS = ["set", "set nested", "insert member", "insert item", "remove member", "remove item", "rename"] as const;
type Kind = (typeof KINDS)[number];

interface Wish {
  kind: Kind;
  where: number;
  value: Plain;
  nested: Plain;
  after: number;
}

/** One of each kind: chosen by chance, one kind may hardly come up, and its figure means nothing. */
const wishes = fc.tuple(
  ...KINDS.map((kind) =>
    fc.record({ kind: fc.constant(kind), where: fc.nat(), value: values(0), nested: values(2), after: fc.nat() }),
  ),
);

function places(value: Plain, here = ""): { at: Pointer; holder: Plain; value: Plain }[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const at = child(here, name);
    return [{ at, holder: value, value: each }, ...places(each, at)];
  });
}

/** An edit of that kind, if there is a place for it. */
function editOf({ kind, where, value, nested, after }: Wish, whole: Plain): Edit | null {
  const all = [{ at: "", value: whole, holder: null }, ...places(whole)];
  const pick = <T>(list: T[], number: number) => (list.length > 0 ? (list[number % list.length] ?? null) : null);
  const objects = all.filter((each) => isObject(each.value));
  const lists = all.filter((each) => Array.isArray(each.value));
  const inside = all.slice(1);
  switch (kind) {
    case "set":
    case "set nested": {
      const place = pick(inside, where);
      return place && { do: "set", at: place.at, value: kind === "set" ? value : nested };
    }
    case "insert member": {
      const place = pick(objects, where);
      const names = Object.keys((place?.value ?? {}) as object);
      const behind = [undefined, null, ...names][after % (names.length + 2)];
      const edit = place && {
        do: "insert" as const,
        at: child(place.at, `New ${where % 7}`),
        value: after % 2 ? nested : value,
      };
      if (!edit || names.includes(last(edit.at))) return null;
      return behind === undefined ? edit : { ...edit, after: behind };
    }
    case "insert item": {
      const place = pick(lists, where);
      const length = (place?.value as Plain[] | undefined)?.length ?? 0;
      return place && { do: "insert", at: child(place.at, after % (length + 1)), value: after % 2 ? nested : value };
    }
    case "remove member":
    case "rename": {
      const place = pick(
        inside.filter((each) => isObject(each.holder)),
        where,
      );
      if (kind === "remove member") return place && { do: "remove", at: place.at };
      const to = `Name ${where % 5}`;
      return !place || to in (place.holder as object) ? null : { do: "rename", at: place.at, to };
    }
    case "remove item": {
      const place = pick(
        inside.filter((each) => Array.isArray(each.holder)),
        where,
      );
      return place && { do: "remove", at: place.at };
    }
  }
}

function isObject(value: Plain): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same on JavaScript's own values, by other code than that of the product. */
function plainly(whole: Plain, edit: Edit): Plain {
  const copy = { whole: structuredClone(whole) };
  const names = `/whole${edit.at}`.split("/").slice(1, -1);
  const holder = names.reduce<Plain>(
    (each, name) => (each as Record<string, Plain>)[name.replaceAll("~1", "/").replaceAll("~0", "~")] ?? null,
    copy as Plain,
  );
  const name = last(edit.at);
  if (Array.isArray(holder)) {
    if (edit.do === "remove") holder.splice(Number(name), 1);
    else if (edit.do === "insert") holder.splice(Number(name), 0, edit.value as Plain);
    else if (edit.do === "set") holder[Number(name)] = edit.value as Plain;
  } else {
    const object = holder as Record<string, Plain>;
    if (edit.do === "set" || edit.do === "insert") object[name] = edit.value as Plain;
    else {
      if (edit.do === "rename") object[edit.to] = object[name] ?? null;
      delete object[name];
    }
  }
  return copy.whole;
}

const comments = (text: string) => text.match(/# c\d+\./g) ?? [];

/** How many places a removed or replaced part had: each has at most two comments, and one below it. */
function held(edit: Edit, whole: Plain): number {
  if (edit.do !== "set" && edit.do !== "remove") return 0;
  const found = places(whole).find(({ at }) => at === edit.at);
  return 2 * (1 + places(found?.value ?? null).length) + 1;
}

interface Tally {
  all: number;
  spliced: number;
}

function check(before: Document, wish: Wish, value: Plain, tallies: Map<string, Tally>): void {
  const edit = editOf(wish, value);
  if (edit === null) return;
  const { document, splices, rewritten } = made(before, [edit]);
  const tally = tallies.get(wish.kind) ?? { all: 0, spliced: 0 };
  tallies.set(wish.kind, { all: tally.all + 1, spliced: tally.spliced + (rewritten.length === 0 ? 1 : 0) });

  const found = before.format === "json" ? JSON.parse(document.text) : parse(document.text);
  expect(found).toEqual(plainly(value, edit));
  expect(document.text).toBe(applied(before.text, splices));
  expect(applied(document.text, inverted(before.text, splices))).toBe(before.text);
  const kept = new Set(comments(document.text));
  const lost = comments(before.text).filter((each) => !kept.has(each));
  if (rewritten.length === 0) expect(lost.length, `${parent(edit.at)}: ${lost}`).toBeLessThanOrEqual(held(edit, value));
}

/** Each kind must have come up often enough that the figures mean something. */
function report(name: string, tallies: Map<string, Tally>, least: number): void {
  for (const kind of KINDS) expect(tallies.get(kind)?.all ?? 0, `${name}: ${kind}`).toBeGreaterThanOrEqual(100);
  const all = [...tallies.values()].reduce((sum, each) => sum + each.all, 0);
  const spliced = [...tallies.values()].reduce((sum, each) => sum + each.spliced, 0);
  const shown = [...tallies].map(([kind, each]) => `${kind} ${each.spliced}/${each.all}`).join(", ");
  process.stdout.write(`${name}: ${((100 * spliced) / all).toFixed(2)} % of ${all} by splices (${shown})\n`);
  expect(spliced / all, `${name}: ${shown}`).toBeGreaterThanOrEqual(least);
}

describe("an edit gives the value that was asked for, and is taken back to the letter", () => {
  const some = ["JSON by two", "JSON in one line", "YAML with comments", "YAML with Windows lines"];
  test.each(some)("random values: %s", { timeout: 300_000 }, (name) => {
    const whole = fc.record({
      top: values(3),
      other: values(2),
      list: fc.array(values(1), { minLength: 1, maxLength: 3 }),
    });
    tried(name, whole as fc.Arbitrary<Plain>, name, name.startsWith("JSON") ? 1 : 0.98);
  });

  test.each(Object.keys(WAYS))("definitions: %s", { timeout: 300_000 }, (name) => {
    tried(`ASL, ${name}`, machines(1), name, name.startsWith("JSON") ? 1 : 0.99);
  });
});

function tried(name: string, whole: fc.Arbitrary<Plain>, way: string, least: number): void {
  const tallies = new Map<string, Tally>();
  fc.assert(
    fc.property(whole, wishes, (value, each) => {
      const { text, format } = (WAYS[way] as (value: Plain) => Written)(value);
      const document = open(text, format);
      for (const wish of each) check(document, wish, value, tallies);
    }),
    { numRuns: 125 },
  );
  report(name, tallies, least);
}
