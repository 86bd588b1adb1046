/** The form of one state, or of the machine: what stands in it, and how a field gets another value. */
import { createContext, useContext } from "react";
import type { Document, Pointer, Value } from "../document";
import { located } from "../document/acts/places";
import { moveItem, type OrderOf, type Setting, setFields } from "../document/acts/set_fields";
import type { Content } from "../document/content";
import { last, tokens } from "../document/pointer";
import { entries, member } from "../document/value";
import type { Session } from "../editing/session";
import type { Snapshot, Trouble } from "../editing/snapshot";
import { alternativesIn, fieldsIn, type Language, MACHINE, placeOf } from "../language/fields";
import { words } from "../words";

export class Form {
  readonly document: Document;
  readonly value: Value | undefined;
  /** Of the state; `MACHINE` for the machine. */
  readonly type: string;
  readonly name: string;
  readonly language: Language;
  /** Why nothing can be changed here; null if it can. */
  readonly locked: string | null;

  /** `pointer`: of a state; "" for the machine. */
  constructor(
    readonly session: Session,
    readonly now: Snapshot,
    readonly pointer: Pointer,
  ) {
    this.document = now.document;
    this.value = now.document.at(pointer);
    const type = member(this.value, "Type");
    this.type = pointer === "" ? MACHINE : typeof type === "string" ? type : "";
    this.name = pointer === "" ? words.forms.machine : last(pointer);
    const own = member(this.value, "QueryLanguage");
    this.language = own === "JSONata" || own === "JSONPath" ? own : now.language;
    this.locked = now.readOnly ?? (now.broken && words.forms.broken(now.broken.line, now.broken.message));
  }

  at(pointer: Pointer): Value | undefined {
    return this.document.at(pointer);
  }

  /** Where an object of this form stands in the language: `Retry[]`. */
  placeOf(pointer: Pointer): string {
    return placeOf(tokens(pointer.slice(this.pointer.length)));
  }

  /** The states that a transition of this one may lead to. */
  get siblings(): string[] {
    const { scope } = located(this.pointer);
    return entries(member(this.at(scope), "States")).map(([name]) => name);
  }

  /** A field gets a value, or goes (undefined). Others that cannot stand beside it give way. Whether it was done. */
  set(at: Pointer, value: Content | undefined, title: string): boolean {
    const act = value === undefined ? words.forms.removing : words.forms.setting;
    return this.setAll([{ at, value }, ...(value === undefined ? [] : this.givingWay(at))], act(title, this.name));
  }

  setAll(settings: readonly Setting[], act: string): boolean {
    const { session, order, now } = this;
    return session.apply((document) => setFields(document, act, settings, { order, selection: now.selected }));
  }

  /** A list has one more item, and is there then. */
  append(list: Pointer, item: Content, title: string): boolean {
    const before = this.at(list);
    const setting = Array.isArray(before)
      ? { at: `${list}/${before.length}`, value: item }
      : { at: list, value: [item] };
    return this.setAll([setting], words.forms.adding(title, this.name));
  }

  /** An item of a list goes up or down. */
  move(list: Pointer, from: number, to: number, title: string): boolean {
    const name = words.forms.moving(title, this.name);
    return this.session.apply((document) => ({
      ...moveItem(document, name, list, from, to),
      selection: this.now.selected,
    }));
  }

  /** What is wrong with what stands at a place: with itself, or (`deep`) also with what is in it. */
  troubles(at: Pointer, deep: boolean): Trouble[] {
    return this.now.problems.filter(({ pointer, member: field }) => {
      if (pointer === null) return false;
      const about = field === null ? pointer : `${pointer}/${field}`;
      return about === at || (deep && about.startsWith(`${at}/`));
    });
  }

  private givingWay(at: Pointer): Setting[] {
    const name = last(at);
    const holder = at.slice(0, at.lastIndexOf("/"));
    const groups = alternativesIn(this.type, this.language, this.placeOf(holder));
    const others = groups.filter(({ names }) => names.includes(name)).flatMap(({ names }) => names);
    return [...new Set(others)]
      .filter((other) => other !== name && this.at(`${holder}/${other}`) !== undefined)
      .map((other) => ({ at: `${holder}/${other}`, value: undefined }));
  }

  private readonly order: OrderOf = (holder) => {
    const names = fieldsIn(this.type, this.language, this.placeOf(holder)).map(({ name }) => name);
    return holder === this.pointer ? ["Type", ...names] : names;
  };
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("no FormContext around this");
  return form;
}
