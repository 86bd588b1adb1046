/** For tests: random values and definitions, written in the ways in which people write them. */
import fc from "fast-check";
import { stringify } from "yaml";
import type { Format } from "./document";

export type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };

const WORDS = [
  ...["Next", "a b", "$.x", "yes", "1.0", "#no", "é", "- dash", "a: b", "{{x}}", "", "true", "null", "multi\nline"],
  ...[
    "'q'",
    '"q"',
    "~",
    "%x",
    "trailing ",
    "{% $x = 'a' %}",
    "k8s:job",
    "lines\n\n  deep\n",
    "\ttab",
    "0123",
    "back\\slash",
  ],
];

const leaf = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.integer({ min: -500, max: 500 }),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 12 }),
);
const name = fc.oneof(
  fc.constantFrom("A", "B", "C", "Next", "a b", "yes", "1", "x.$", "é", "a/b", "~", "- d", "#k", "k: v"),
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9 ]{0,8}[A-Za-z0-9]$/),
);

/** Up to this deep. */
export function values(depth: number): fc.Arbitrary<Plain> {
  if (depth === 0) return leaf;
  const inner = values(depth - 1);
  return fc.oneof(
    leaf,
    fc.array(inner, { maxLength: 4 }),
    fc.dictionary(name, inner, { maxKeys: 5, noNullPrototype: true }),
  );
}

export interface Written {
  format: Format;
  text: string;
}

/** The same value in each of the ways; comments are numbered, so that one sees which are lost. */
export const WAYS: Record<string, (value: Plain) => Written> = {
  "JSON by two": (value) => ({ format: "json", text: JSON.stringify(value, null, 2) }),
  "JSON by tabs": (value) => ({ format: "json", text: `${JSON.stringify(value, null, "\t")}\n` }),
  "JSON in one line": (value) => ({ format: "json", text: JSON.stringify(value) }),
  YAML: (value) => ({ format: "yaml", text: stringify(value, { lineWidth: 0 }) }),
  "YAML with comments": (value) => ({ format: "yaml", text: commented(stringify(value, { lineWidth: 0 })) }),
  "YAML with flat lists": (value) => ({
    format: "yaml",
    text: commented(stringify(value, { lineWidth: 0, indentSeq: false })),
  }),
  "YAML by four": (value) => ({ format: "yaml", text: commented(stringify(value, { lineWidth: 0, indent: 4 })) }),
  "YAML with Windows lines": (value) => ({
    format: "yaml",
    text: stringify(value, { lineWidth: 0, blockQuote: false }).replaceAll("\n", "\r\n"),
  }),
};

/** A comment above each name and behind each short value, but not in texts of several lines. */
function commented(text: string): string {
  let number = 0;
  let within = -1;
  const lines = text.split("\n").flatMap((line) => {
    const indent = line.length - line.trimStart().length;
    if (line.trim() === "" || (within >= 0 && indent > within)) return [line];
    within = /[:-] [|>][-+\d]*$/.test(line) ? indent + (/^\s*(- )+/.exec(line)?.[0].trim().length ?? 0) : -1;
    if (within >= 0 || /^\s*- /.test(line)) return [line];
    const isPlain = /^[^"']*: [\w$.]+$/.test(line);
    const behind = isPlain && number % 3 === 0 ? `${line} # c${number++}.` : line;
    return /^\s*[\w"][^"']*:/.test(line) ? [`${" ".repeat(indent)}# c${number++}.`, behind] : [behind];
  });
  return lines.join("\n");
}

const stateName = fc.stringMatching(/^[A-Z][a-z]{1,6}( [A-Z][a-z]{1,4})?$/);
const names = fc.uniqueArray(stateName, { minLength: 3, maxLength: 6 });

/** Definitions as people write them: all types of states, rules, catchers, branches. */
export function machines(depth: number): fc.Arbitrary<Record<string, Plain>> {
  return names.chain((all) => scope(all, "", depth)).map((found) => ({ Comment: "Made: at random", ...found }));
}

function scope(all: string[], prefix: string, depth: number): fc.Arbitrary<Record<string, Plain>> {
  const own = all.map((each) => prefix + each);
  const states = own.map((each, index) =>
    state(own, each, own[index + 1], depth).map((fields) => [each, fields] as const),
  );
  return fc.tuple(...states).map((found) => ({ StartAt: own[0] ?? "", States: Object.fromEntries(found) }));
}

function state(own: string[], at: string, next: string | undefined, depth: number): fc.Arbitrary<Plain> {
  const onwards: Record<string, Plain> = next === undefined ? { End: true } : { Next: next };
  const other = fc.constantFrom(...own);
  const inner = (letter: string) =>
    fc.uniqueArray(stateName, { minLength: 1, maxLength: 3 }).chain((all) => scope(all, `${at} ${letter} `, depth - 1));
  const simple: fc.Arbitrary<Plain>[] = [
    fc.record({ Type: fc.constant("Pass"), Result: values(1) }).map((fields) => ({ ...fields, ...onwards })),
    fc.integer({ min: 1, max: 99 }).map((Seconds) => ({ Type: "Wait", Seconds, ...onwards })),
    other.map((target) => ({
      Type: "Task",
      Resource: "acme:deliver",
      Parameters: { "order.$": "$.order", list: ["a", "b"], empty: {} },
      Retry: [{ ErrorEquals: ["Acme.Late"], MaxAttempts: 3, BackoffRate: 1.5 }],
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.failure", Next: target }],
      ...onwards,
    })),
    fc.tuple(other, other).map(([first, second]) => ({
      Type: "Choice",
      Choices: [
        { Variable: "$.total", NumericGreaterThan: 100, Next: first },
        {
          And: [
            { Variable: "$.a", IsPresent: true },
            { Variable: "$.b", StringEquals: "x: y" },
          ],
          Next: second,
        },
      ],
      Default: next ?? first,
    })),
    fc.constant({ Type: "Fail", Error: "Order.Bad", Cause: "It is: bad" }),
  ];
  if (depth === 0) return fc.oneof(...simple);
  return fc.oneof(
    ...simple,
    fc.tuple(inner("A"), inner("B")).map((Branches) => ({ Type: "Parallel", Branches, ...onwards })),
    inner("M").map((ItemProcessor) => ({ Type: "Map", ItemsPath: "$.items", ItemProcessor, ...onwards })),
  );
}
