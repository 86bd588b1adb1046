/** Inputs that a person keeps for trying things: in this browser, by state machine. Each machine has its own, and so has a new one. */
import { own } from "../api/session";
import type { Pointer } from "../document";

export interface SavedInput {
  name: string;
  text: string;
}

const KEY = "stepwright.inputs:";
const MOST = 30;
const LONGEST = 262_144;

interface Kept {
  saved: SavedInput[];
  /** What was tried last, by state. */
  last: Record<Pointer, string>;
}

type Store = Pick<Storage, "getItem" | "setItem">;

export class Inputs {
  private readonly told = new Set<() => void>();
  private readonly known = new Map<string, Kept>();

  /** `store`: null where the browser keeps nothing; then inputs last as long as the page. */
  constructor(private readonly store: () => Store | null) {}

  readonly subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell);
    return () => this.told.delete(tell);
  };

  saved(machine: string | null): readonly SavedInput[] {
    return this.of(machine).saved;
  }

  /** What a state was tried with last; "" the machine. */
  last(machine: string | null, state: Pointer): string | null {
    const { last } = this.of(machine);
    return Object.hasOwn(last, state) ? (last[state] ?? null) : null;
  }

  tried(machine: string | null, state: Pointer, text: string): void {
    const kept = this.of(machine);
    const { [state]: _, ...others } = kept.last;
    this.keep(machine, { ...kept, last: Object.fromEntries([...Object.entries(others), [state, text]].slice(-MOST)) });
  }

  /** Under a name; another input of that name is gone. */
  save(machine: string | null, name: string, text: string): void {
    const kept = this.of(machine);
    const others = kept.saved.filter((each) => each.name !== name);
    this.keep(machine, { ...kept, saved: [...others, { name, text }].slice(-MOST) });
  }

  forget(machine: string | null, name: string): void {
    const kept = this.of(machine);
    this.keep(machine, { ...kept, saved: kept.saved.filter((each) => each.name !== name) });
  }

  private of(machine: string | null): Kept {
    const key = own(KEY + (machine ?? ""));
    const kept = this.known.get(key) ?? read(this.store()?.getItem(key) ?? null);
    this.known.set(key, kept);
    return kept;
  }

  private keep(machine: string | null, kept: Kept): void {
    const key = own(KEY + (machine ?? ""));
    const fitting = kept.saved.filter(({ text }) => text.length <= LONGEST);
    this.known.set(key, { ...kept, saved: fitting });
    try {
      this.store()?.setItem(key, JSON.stringify({ ...kept, saved: fitting }));
    } catch {
      // Full, or forbidden: it is kept for as long as the page is open.
    }
    for (const tell of this.told) tell();
  }
}

/** Whatever another version has left there. */
function read(text: string | null): Kept {
  const nothing = { saved: [], last: {} };
  try {
    const found = JSON.parse(text ?? "{}") as Partial<Kept>;
    const isSaved = (each: unknown): each is SavedInput =>
      typeof (each as SavedInput)?.name === "string" && typeof (each as SavedInput).text === "string";
    const last = Object.entries(found.last ?? {}).filter(([, each]) => typeof each === "string");
    return { saved: Array.isArray(found.saved) ? found.saved.filter(isSaved) : [], last: Object.fromEntries(last) };
  } catch {
    return nothing;
  }
}

export const inputs = new Inputs(() => {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
});
