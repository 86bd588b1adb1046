/** The fields of the language, as its parsers ask for them: what each form is made of. */
import generated from "../generated/fields.json";

export type Kind =
  | "any"
  | "array"
  | "assignment"
  | "boolean"
  | "condition"
  | "integer"
  | "number"
  | "object"
  | "objects"
  | "one_of"
  | "path"
  | "result_path"
  | "rules"
  | "scope"
  | "scopes"
  | "state"
  | "template"
  | "text";
export type Language = "JSONPath" | "JSONata";

/** `values`: those that there are or, if it is `open`, those that are usual. See `asl/definition/recorded.py`. */
export interface Field {
  kind: Kind;
  min?: number;
  max?: number;
  values?: readonly string[];
  open?: boolean;
  expression?: boolean;
  calls?: boolean;
  nullable?: boolean;
  required?: boolean;
}
interface Schema {
  fields: Readonly<Record<string, Field>>;
  groups: readonly { fields: readonly string[]; required: boolean }[];
}
interface Said {
  group: string;
  title: string;
  help: string;
}
interface Call {
  call: string;
  help: string;
}
interface Generated {
  machine: Schema;
  states: Readonly<Record<string, Readonly<Record<Language, Schema>>>>;
  operators: Readonly<Record<string, { kind: string; path: boolean }>>;
  errors: readonly string[];
  functions: {
    intrinsics: Readonly<Record<string, Call>>;
    jsonata: Readonly<Record<string, Call>>;
    context: Readonly<Record<string, string>>;
    states: Readonly<Record<string, string>>;
  };
  groups: Readonly<Record<string, string>>;
  words: Readonly<Record<string, Said>>;
}

const LANGUAGE = generated as unknown as Generated;
/** What stands for the machine in the place of a state's type. */
export const MACHINE = "Machine";

export const TYPES: readonly string[] = Object.keys(LANGUAGE.states);
export const OPERATORS = LANGUAGE.operators;
export const ERRORS = LANGUAGE.errors;
export const FUNCTIONS = LANGUAGE.functions;
export const GROUPS = LANGUAGE.groups;

/** A field as a form shows it. `place`: in its state, as `Retry[]/MaxAttempts`; `name`: the last of it. */
export interface Asked extends Said {
  place: string;
  name: string;
  field: Field;
}

const ranks = new Map(Object.keys(LANGUAGE.words).map((key, index) => [key, index]));

/** The fields of an object at a place (`""` the state itself, `Retry[]` one entry), in the order in which people meet them. */
export function fieldsIn(type: string, language: Language, holder: string): Asked[] {
  const prefix = holder === "" ? "" : `${holder}/`;
  const found: { asked: Asked; rank: number }[] = [];
  for (const [place, field] of Object.entries(schemaOf(type, language)?.fields ?? {})) {
    const name = place.slice(prefix.length);
    if (!place.startsWith(prefix) || name === "" || name.includes("/")) continue;
    const own = `${type}:${place}`;
    const said = LANGUAGE.words[own] ?? LANGUAGE.words[place] ?? { group: "state", title: name, help: "" };
    found.push({ asked: { place, name, field, ...said }, rank: ranks.get(own) ?? ranks.get(place) ?? ranks.size });
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ asked }) => asked);
}

/** Of the fields of an object those that exclude one another, by their names. */
export function alternativesIn(
  type: string,
  language: Language,
  holder: string,
): { names: string[]; required: boolean }[] {
  const prefix = holder === "" ? "" : `${holder}/`;
  const isHere = (place: string) => place.startsWith(prefix) && !place.slice(prefix.length).includes("/");
  return (schemaOf(type, language)?.groups ?? [])
    .filter(({ fields }) => fields.every(isHere))
    .map(({ fields, required }) => ({ names: fields.map((place) => place.slice(prefix.length)), required }));
}

/** Where an object stands that is `rest` below its state: `/Retry/0` is `Retry[]`. */
export function placeOf(rest: readonly string[]): string {
  let place = "";
  for (const token of rest)
    place = /^\d+$/.test(token) && place !== "" ? `${place}[]` : place ? `${place}/${token}` : token;
  return place;
}

/** Whether anything is known of such a state. */
export function isKnown(type: string): boolean {
  return schemaOf(type, "JSONPath") !== null;
}

function schemaOf(type: string, language: Language): Schema | null {
  if (type === MACHINE) return LANGUAGE.machine;
  return Object.hasOwn(LANGUAGE.states, type) ? (LANGUAGE.states[type]?.[language] ?? null) : null;
}
