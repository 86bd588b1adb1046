/**
 * Visits out of a history alone: a fold over its events, for executions of which nothing else is known. Outcomes are inferred,
 * since AWS's history does not tell all: a caught error of the data after a task has no event of its own.
 */
import type { Event } from "../api/generated/console";
import { child, type Pointer } from "../document/pointer";
import { held, transitions } from "../document/structure";
import { entries, isObject, member, valueAt } from "../document/value";
import { detail } from "./history_file";
import type { Outcome, Tally, Visit } from "./visits";

export interface Told extends Visit {
  input: string | null;
  output: string | null;
  cause: string | null;
  /** Ids. */
  events: number[];
  /** How often its work was scheduled. */
  scheduled: number;
}

/** Where a branch stands: frames nest as Parallel and Map do. */
interface Frame {
  /** Of paths in it: `Orders[3]/`. */
  prefix: string;
  /** The pointer of the scope whose states these are. */
  scope: string;
  within: Frame | null;
  /** The visit of the Map or Parallel around, and which of its iterations or branches this is. */
  holder: Told | null;
  index: number | null;
  open: Told | null;
  /** The visit before. */
  left: Told | null;
  inner: Set<Frame>;
}

const WORK = /^(?:Task|LambdaFunction|Activity)(.*)$/;

/** `definition`: without it pointers are those of a flat one, and ways are not known. `scope`: the pointer of what was run, if that
 * is not all of it. Of an event that is not known only its place in the order counts. */
export function visitsOf(events: readonly Event[], definition: unknown, scope: Pointer = ""): Told[] {
  const fold = new Fold(definition, scope);
  for (const event of events) fold.take(event);
  return fold.visits;
}

class Fold {
  readonly visits: Told[] = [];
  private readonly root: Frame;
  /** By event. */
  private readonly frames = new Map<number, Frame>();

  constructor(
    private readonly definition: unknown,
    scope: Pointer,
  ) {
    this.root = frame("", scope, null, null, null);
  }

  take(event: Event): void {
    const { id, type, timestamp: now } = event;
    let at = this.frames.get(event.previous) ?? this.root;
    const work = WORK.exec(type)?.[1];
    if (type.endsWith("StateEntered")) at = this.enter(at, event);
    else if (type.endsWith("StateExited")) at = this.exit(at, event);
    else if (type === "MapIterationStarted") at = this.iterate(at, event);
    else if (/^MapIteration(Succeeded|Failed|Aborted)$/.test(type)) at = this.endIteration(at, event);
    else if (/^(Map|Parallel)State(Succeeded|Failed)$/.test(type)) at = this.endInner(at, event);
    else if (work !== undefined && at.open) worked(at.open, work, event);
    else if (/^Execution(Failed|TimedOut|Aborted)$/.test(type))
      this.end(type.slice("Execution".length) as Outcome, event);
    at.open?.events.push(id);
    if (type === "ExecutionSucceeded") abandon(this.root, now);
    this.frames.set(id, at);
  }

  private enter(at: Frame, event: Event): Frame {
    const name = detail(event, "name") ?? "";
    const frame = this.branchOf(at, name);
    const visit: Told = {
      id: event.id,
      path: frame.prefix + name,
      pointer: child(frame.scope, "States", name),
      type: event.type.slice(0, -"StateEntered".length),
      started: event.timestamp,
      ended: null,
      outcome: null,
      attempts: 1,
      error: null,
      cameFrom: null,
      within: frame.holder?.id ?? null,
      index: frame.index,
      begun: event.timestamp,
      tries: [],
      input: detail(event, "input"),
      output: null,
      cause: null,
      events: [],
      scheduled: 0,
    };
    visit.cameFrom = this.wayTo(frame, name);
    this.visits.push(visit);
    frame.open = visit;
    return frame;
  }

  /** Within a Parallel that is open, the branch that has a state of this name. */
  private branchOf(at: Frame, name: string): Frame {
    const holder = at.open;
    if (holder?.type !== "Parallel" || holder.ended !== null) return at;
    const branches = [...held(valueAt(this.definition, holder.pointer))];
    const index = branches.findIndex(({ scope }) => member(member(scope, "States"), name) !== undefined);
    const where = branches[index]?.where ?? "";
    return inside(at, Math.max(0, index), where, holder);
  }

  /** Only where nothing else can have led there. */
  private wayTo(at: Frame, name: string): Visit["cameFrom"] {
    if (!at.left) {
      const from = at.holder;
      if (!from) return { visit: 0, edge: `${at.scope}/StartAt`.slice(1) };
      return { visit: from.id, edge: `${at.scope.slice(from.pointer.length + 1)}/StartAt` };
    }
    const { id, pointer, outcome } = at.left;
    const ways = [...transitions(valueAt(this.definition, pointer))].filter(
      ({ kind, target }) => target === name && (kind === "catch") === (outcome === "Caught"),
    );
    const [only] = ways;
    return only && ways.length === 1 ? { visit: id, edge: only.where.slice(1) } : null;
  }

  private exit(at: Frame, event: Event): Frame {
    const found = outwards(at, detail(event, "name"));
    const visit = found.open;
    if (visit) {
      visit.output = detail(event, "output");
      visit.events.push(event.id);
      close(found, visit.error === null ? "Succeeded" : "Caught", event.timestamp);
    }
    return found;
  }

  private iterate(at: Frame, event: Event): Frame {
    // Those beyond the first follow the last event of an iteration that made room for them.
    const found = outwards(at, detail(event, "name"));
    const holder = found.open;
    if (!holder) return found;
    const state = valueAt(this.definition, holder.pointer);
    const where = [...held(state)][0]?.where ?? "/ItemProcessor";
    return inside(found, indexOf(event), where, holder);
  }

  private endIteration(at: Frame, event: Event): Frame {
    const ending = `${detail(event, "name")}[${indexOf(event)}]/`;
    let found = at;
    while (found.within && !found.prefix.endsWith(ending)) found = found.within;
    if (found.within) abandon(found, event.timestamp);
    return found;
  }

  private endInner(at: Frame, event: Event): Frame {
    const wanted = event.type.startsWith("Map") ? "Map" : "Parallel";
    let found = at;
    while (found.within && found.open?.type !== wanted) found = found.within;
    const visit = found.open;
    if (visit && event.type.endsWith("Failed")) {
      visit.error = detail(event, "error") ?? this.newestError(visit) ?? "";
      visit.cause = detail(event, "cause");
    }
    for (const inner of found.inner) abandon(inner, event.timestamp);
    found.inner.clear();
    return found;
  }

  private newestError(around: Visit): string | null {
    return (
      this.visits.findLast(({ path, error }) => error !== null && path.startsWith(`${around.path}[`))?.error ?? null
    );
  }

  private end(outcome: Outcome, event: Event): void {
    const visit = this.root.open;
    if (visit && outcome === "Failed") {
      visit.error ??= detail(event, "error");
      visit.cause ??= detail(event, "cause");
    }
    for (const inner of this.root.inner) abandon(inner, event.timestamp);
    if (visit) close(this.root, outcome, event.timestamp);
  }
}

const frame = (
  prefix: string,
  scope: string,
  within: Frame | null,
  holder: Told | null,
  index: number | null,
): Frame => ({
  prefix,
  scope,
  within,
  holder,
  index,
  open: null,
  left: null,
  inner: new Set(),
});

/** An iteration or branch of the state that `holder` is a visit of; `where`: its scope, below that state. */
function inside(within: Frame, index: number, where: string, holder: Told): Frame {
  const found = frame(`${holder.path}[${index}]/`, holder.pointer + where, within, holder, index);
  within.inner.add(found);
  return found;
}

/** Of an iteration. */
const indexOf = ({ details }: Event): number => Number(details?.index ?? 0);

/** The frame in which a state of this name is open. */
function outwards(at: Frame, name: string | null): Frame {
  let found = at;
  while (found.within && (found.open === null || !endsWith(found.open.path, name))) found = found.within;
  return found;
}

const endsWith = (path: string, name: string | null): boolean => path === name || path.endsWith(`]/${name}`);

/** `what`: `Scheduled`, `Failed`, `TimedOut` and the like. */
function worked(visit: Told, what: string, event: Event): void {
  if (what === "Scheduled") {
    visit.scheduled += 1;
    visit.attempts = visit.scheduled;
    visit.begun = event.timestamp;
    visit.error = null;
    visit.cause = null;
  } else if (what.endsWith("Failed") || what === "TimedOut") {
    visit.error = detail(event, "error") ?? (what === "TimedOut" ? "States.Timeout" : "");
    visit.cause = detail(event, "cause");
    const failed = { begun: visit.begun ?? visit.started, ended: event.timestamp, error: visit.error };
    visit.tries = [...visit.tries, { number: visit.tries.length, ...failed }];
    visit.begun = null;
  }
}

function close(of: Frame, outcome: Outcome, now: number): void {
  const visit = of.open;
  if (!visit) return;
  visit.ended = now;
  visit.outcome = outcome;
  of.left = visit;
  of.open = null;
  for (const inner of of.inner) abandon(inner, now);
  of.inner.clear();
}

/** Whatever is still open in there was given up. */
function abandon(of: Frame, now: number): void {
  const visit = of.open;
  if (visit) close(of, visit.type === "Fail" || visit.error !== null ? "Failed" : "Aborted", now);
  for (const inner of of.inner) abandon(inner, now);
}

/** By pointer, as the server counts. */
export function tallied(visits: readonly Visit[]): Map<string, Tally> {
  const found = new Map<string, Record<string, { count: number; retries: number; millis: number; longest: number }>>();
  for (const { pointer, outcome, attempts, started, ended } of visits) {
    const tally = found.get(pointer) ?? {};
    found.set(pointer, tally);
    const millis = ended === null ? 0 : ended - started;
    const sum = tally[outcome ?? "Running"] ?? { count: 0, retries: 0, millis: 0, longest: 0 };
    tally[outcome ?? "Running"] = {
      count: sum.count + 1,
      retries: sum.retries + attempts - 1,
      millis: sum.millis + millis,
      longest: Math.max(sum.longest, millis),
    };
  }
  return found;
}

/** Whether what is given is a definition at all. */
export const isDefinition = (value: unknown): boolean => isObject(value) && entries(member(value, "States")).length > 0;
