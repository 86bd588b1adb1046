/** What a task's parameters are, as the driver or the service that it calls says by JSON Schema. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { resourceForm } from "../api/resources";
import type { Content } from "../document/content";
import { fieldsIn, type Language } from "../language/fields";
import { resourceOf } from "./errors";
import type { Form } from "./form";

export interface Parameter {
  name: string;
  required: boolean;
  help: string;
  /** What it begins with. */
  fresh: Content;
}

interface JsonSchema {
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  description?: string;
  title?: string;
  type?: string | readonly string[];
  default?: Content;
  enum?: readonly Content[];
  anyOf?: readonly JsonSchema[];
  $ref?: string;
  $defs?: Readonly<Record<string, JsonSchema>>;
}

const PLACES: ReadonlySet<string> = new Set(["Parameters", "Arguments"]);

/** Those of a field; none where nothing is known. `isAsked`: whether that is still being asked. */
export function useParameters(form: Form, place: string): { known: readonly Parameter[]; isAsked: boolean } {
  const isCall = form.type === "Task" && PLACES.has(place);
  const { data, isFetching } = useQuery(resourceForm(isCall ? resourceOf(form) : null));
  const { type, language } = form;
  const known = useMemo(
    () => [...namedBy(type, language, place), ...(isCall ? parametersOf(data?.parameters) : [])],
    [type, language, place, data, isCall],
  );
  return { known, isAsked: isCall && isFetching };
}

/** Those that the language itself knows, such as the role of Credentials. */
function namedBy(type: string, language: Language, place: string): Parameter[] {
  return fieldsIn(type, language, place).map(({ name, help }) => ({ name, help, required: false, fresh: "" }));
}

/** Of a JSON Schema; whatever else it is, nothing. */
export function parametersOf(schema: unknown): Parameter[] {
  const whole = (typeof schema === "object" && schema !== null ? schema : {}) as JsonSchema;
  const required = new Set(Array.isArray(whole.required) ? whole.required : []);
  const all = Object.entries(whole.properties ?? {}).map(([name, each]) => {
    const one = resolved(each, whole);
    return { name, required: required.has(name), help: each.description ?? one.description ?? "", fresh: freshOf(one) };
  });
  return all.sort((a, b) => Number(b.required) - Number(a.required));
}

/** References go one step: to what is defined beside it. */
function resolved(schema: JsonSchema, whole: JsonSchema): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  if (name !== undefined) return whole.$defs?.[name] ?? {};
  const some = schema.anyOf?.find(({ type }) => type !== "null");
  return some
    ? { ...resolved(some, whole), ...(schema.description ? { description: schema.description } : {}) }
    : schema;
}

function freshOf({ type, enum: values, default: usual }: JsonSchema): Content {
  if (usual !== undefined && usual !== null) return usual;
  if (values?.[0] !== undefined) return values[0];
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return {};
    case "array":
      return [];
    case "integer":
    case "number":
      return 0;
    case "boolean":
      return false;
    default:
      return "";
  }
}
