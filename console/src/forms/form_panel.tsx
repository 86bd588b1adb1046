/** The fields of what is selected: of a state, or of the machine. */
import { type RefObject, useEffect, useMemo, useRef } from "react";
import { Glyph } from "../canvas/glyphs";
import { renameState } from "../document";
import { useSession, type Wish } from "../editing/use_session";
import { words } from "../words";
import { useDraft } from "./draft";
import { Troubles } from "./field";
import { Fields } from "./fields";
import { Form, FormContext, useForm } from "./form";
import "./forms.css";
import { isKnown, MACHINE } from "../language/fields";
import { Inside } from "./kinds/scopes";
import { TypeChoice } from "./type_choice";

/** `wanted`: somebody has asked to be led to the fields, or to the name; another object each time. */
export function FormPanel({ wanted = null }: { wanted?: Pick<Wish, "kind"> | null }) {
  const { session, now } = useSession();
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!wanted) return;
    const isName = wanted.kind === "rename";
    const field = frame.current?.querySelector<HTMLElement>(isName ? ".state-name" : CONTROLS);
    field?.focus();
    if (isName && field instanceof HTMLInputElement) field.select();
  }, [wanted]);
  const { selected } = now;
  const pointer = selected !== null && now.document.at(selected) instanceof Map ? selected : "";
  const isNaming = useRef(false);
  const form = useMemo(() => new Form(session, now, pointer), [session, now, pointer]);
  return (
    <FormContext value={form}>
      {/* Another state is another form: nothing that was typed goes over to it. */}
      <section
        key={pointer}
        ref={frame}
        className="form"
        aria-label={words.forms.label(form.name)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.defaultPrevented) leave(pointer);
        }}
      >
        <Head isNaming={isNaming} />
        {form.locked !== null && <p className="locked">{form.locked}</p>}
        <Troubles of={form.troubles(form.pointer, false)} />
        {form.pointer === "" && <Inside at="" />}
        {form.type === MACHINE || isKnown(form.type) ? <Fields holder="" at={form.pointer} /> : <TypeChoice />}
      </section>
    </FormContext>
  );
}

const CONTROLS =
  ".fields input, .fields textarea, .fields [contenteditable=true], .fields button:not([disabled]), .state-name";

/** Escape leads back to where the state was chosen. */
function leave(pointer: string): void {
  const id = CSS.escape(pointer);
  document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"], [role=treeitem][data-id="${id}"]`)?.focus();
}

function Head({ isNaming }: { isNaming: RefObject<boolean> }) {
  const form = useForm();
  if (form.pointer === "") {
    return (
      <header>
        <h2>{words.forms.machine}</h2>
      </header>
    );
  }
  return (
    <header>
      <Glyph type={form.type} />
      <Name isNaming={isNaming} />
      <span className="type">{form.type || words.forms.noType}</span>
    </header>
  );
}

/** All that leads to the state follows. `isNaming`: under its new name the state has a new form, and the focus stays in the name. */
function Name({ isNaming }: { isNaming: RefObject<boolean> }) {
  const form = useForm();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isNaming.current) field.current?.focus();
    isNaming.current = false;
  }, [isNaming]);
  const rename = (to: string) => {
    form.session.apply((document) => renameState(document, form.pointer, to));
    return null;
  };
  const { text, type, done } = useDraft(form.name, rename, true);
  return (
    <input
      ref={field}
      className="state-name"
      aria-label={words.forms.stateName}
      value={text}
      disabled={form.locked !== null}
      spellCheck={false}
      onChange={({ target }) => type(target.value)}
      onBlur={done}
      onKeyDown={({ key }) => {
        if (key !== "Enter") return;
        isNaming.current = text !== form.name;
        done();
      }}
    />
  );
}
