/** Names of errors that a person may mean: the language's, those of what the state calls, those that the machine raises itself. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { resourceForm } from "../api/resources";
import type { Document } from "../document";
import { scopes } from "../document/structure";
import { entries, items, member } from "../document/value";
import { ERRORS } from "../language/fields";
import { words } from "../words";
import type { Form } from "./form";

export interface ErrorName {
  name: string;
  /** Whose it is. */
  from: string;
}

export function useErrors(form: Form): ErrorName[] {
  const { data } = useQuery(resourceForm(resourceOf(form)));
  const { document } = form;
  return useMemo(() => {
    const found = new Map<string, string>();
    for (const name of data?.errors ?? []) found.set(name, words.forms.errorsOf.resource);
    for (const name of raised(document)) found.set(name, words.forms.errorsOf.machine);
    for (const name of ERRORS) found.set(name, words.forms.errorsOf.language);
    return [...found].map(([name, from]) => ({ name, from }));
  }, [data, document]);
}

/** What the state calls, if that is written out. */
export function resourceOf(form: Form): string | null {
  const resource = member(form.value, "Resource");
  return typeof resource === "string" && resource !== "" && !resource.includes("${") ? resource : null;
}

/** Those of Fail states, and those that other Retry and Catch name. */
function raised(document: Document): Set<string> {
  const found = new Set<string>();
  const add = (name: unknown) => {
    if (typeof name === "string" && name !== "" && !name.startsWith("{%")) found.add(name);
  };
  for (const [, scope] of scopes(document.definition)) {
    for (const [, state] of entries(member(scope, "States"))) {
      if (member(state, "Type") === "Fail") add(member(state, "Error"));
      for (const each of [...items(member(state, "Retry")), ...items(member(state, "Catch"))]) {
        for (const name of items(member(each, "ErrorEquals"))) add(name);
      }
    }
  }
  return found;
}
