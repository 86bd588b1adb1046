/** How a definition hangs together: where each state leads, and what it holds. Of anything that is not a state, nothing. */
import { child, type Pointer } from "./pointer";
import { entries, isObject, items, member } from "./value";

export type TransitionKind = "start" | "next" | "choice" | "default" | "catch";

/** `where`: of what names the target, below the state. `target` is whatever stands there. */
export interface Transition {
  kind: TransitionKind;
  target: unknown;
  where: Pointer;
  /** The rule or the catcher that leads there, else the state. */
  by: unknown;
}

export function* transitions(state: unknown): Generator<Transition> {
  yield { kind: "next", target: member(state, "Next"), where: "/Next", by: state };
  for (const [index, by] of items(member(state, "Choices")).entries()) {
    yield { kind: "choice", target: member(by, "Next"), where: `/Choices/${index}/Next`, by };
  }
  yield { kind: "default", target: member(state, "Default"), where: "/Default", by: state };
  for (const [index, by] of items(member(state, "Catch")).entries()) {
    yield { kind: "catch", target: member(by, "Next"), where: `/Catch/${index}/Next`, by };
  }
}

/** Whether the execution of the scope ends with it. */
export function ends(state: unknown): boolean {
  const type = member(state, "Type");
  return isObject(state) && (member(state, "End") === true || type === "Succeed" || type === "Fail");
}

export interface Held {
  scope: unknown;
  where: Pointer;
  /** The number of a branch, from 1; null for what is done with each item. */
  branch: number | null;
}

/** The scopes in a state. `Iterator`: as ItemProcessor was called. */
export function* held(state: unknown): Generator<Held> {
  for (const [index, scope] of items(member(state, "Branches")).entries()) {
    yield { scope, where: `/Branches/${index}`, branch: index + 1 };
  }
  for (const field of ["ItemProcessor", "Iterator"]) {
    const scope = member(state, field);
    if (isObject(scope)) yield { scope, where: `/${field}`, branch: null };
  }
}

/** All scopes with their places, the machine's own first. */
export function* scopes(definition: unknown): Generator<[Pointer, unknown]> {
  const waiting: [Pointer, unknown][] = [["", definition]];
  for (const [pointer, scope] of waiting) {
    yield [pointer, scope];
    for (const [name, state] of entries(member(scope, "States"))) {
      for (const inner of held(state)) waiting.push([child(pointer, "States", name) + inner.where, inner.scope]);
    }
  }
}
