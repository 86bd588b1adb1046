/** What is another in a definition than in another one, state by state. */
import { child, type Pointer } from "../document/pointer";
import { scopes } from "../document/structure";
import { entries, isObject, items, member, valueAt } from "../document/value";

export interface Differences {
  /** By the ids that states have in the graph. */
  states: Map<Pointer, "onlyHere" | "differs">;
  /** Names of those that are only in the other one. */
  onlyThere: string[];
}

/** A state is another if one of its own fields is, in whatever order they stand; what it holds are states of their own. */
export function differencesOf(here: unknown, there: unknown): Differences {
  const states: Differences["states"] = new Map();
  for (const [pointer, , state] of statesOf(here)) {
    const other = valueAt(there, pointer);
    if (other === undefined) states.set(pointer, "onlyHere");
    else if (own(state) !== own(other)) states.set(pointer, "differs");
  }
  const onlyThere = [...statesOf(there)].filter(([pointer]) => valueAt(here, pointer) === undefined);
  return { states, onlyThere: onlyThere.map(([, name]) => name) };
}

function* statesOf(definition: unknown): Generator<[Pointer, name: string, state: unknown]> {
  for (const [pointer, scope] of scopes(definition)) {
    for (const [name, state] of entries(member(scope, "States"))) yield [child(pointer, "States", name), name, state];
  }
}

const own = (state: unknown): string => JSON.stringify(inOrder(withoutStates(state)));

function withoutStates(state: unknown): unknown {
  if (!isObject(state)) return state;
  const bare = (scope: unknown) => (isObject(scope) ? { ...scope, States: null } : scope);
  const fields = entries(state).map(([name, value]): [string, unknown] => {
    if (name === "Branches") return [name, items(value).map(bare)];
    return name === "ItemProcessor" || name === "Iterator" ? [name, bare(value)] : [name, value];
  });
  return Object.fromEntries(fields);
}

/** The same, whatever order its members were written in. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  const members = entries(value).map(([name, each]): [string, unknown] => [name, inOrder(each)]);
  return members.sort(([one], [other]) => (one < other ? -1 : 1));
}
