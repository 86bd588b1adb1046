/** A list of names: those of errors, with what is known of them, or of columns. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import { useState } from "react";
import { child } from "../../document/pointer";
import { words } from "../../words";
import { useErrors } from "../errors";
import { FieldGroup, Troubles } from "../field";
import { useForm } from "../form";
import { Json } from "./json";
import type { EditorProps } from "./props";

const isChoosing = () => document.activeElement?.hasAttribute("aria-activedescendant") ?? false;

export function Names(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const errors = useErrors(form);
  const [wanted, want] = useState("");
  const value = form.at(at);
  const isList = Array.isArray(value) && value.every((each) => typeof each === "string");
  if (value !== undefined && !isList) return <Json {...props} />;
  const names = (value ?? []) as readonly string[];
  const offers = asked.name === "ErrorEquals" ? errors : [];
  const add = (name: string) => {
    want("");
    if (name.trim() === "" || names.includes(name)) return;
    form.append(at, name, asked.title);
  };
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      {names.length > 0 && (
        <ul className="names" aria-label={asked.title}>
          {names.map((name, index) => (
            <li key={name}>
              <code>{name}</code>
              {form.locked === null && (
                <button
                  type="button"
                  aria-label={words.forms.remove(name)}
                  onClick={() => form.set(child(at, index), undefined, asked.title)}
                >
                  ×
                </button>
              )}
              <Troubles of={form.troubles(child(at, index), true)} />
            </li>
          ))}
        </ul>
      )}
      <Autosuggest
        value={wanted}
        ariaLabel={words.forms.addName(asked.title)}
        placeholder={words.forms.addName(asked.title)}
        options={offers
          .filter(({ name }) => !names.includes(name))
          .map(({ name, from }) => ({ value: name, description: from }))}
        enteredTextLabel={words.forms.use}
        clearAriaLabel={words.forms.clear}
        disabled={form.locked !== null}
        onChange={({ detail }) => want(detail.value)}
        onSelect={({ detail }) => add(detail.value)}
        // With one of them chosen by the arrows, onSelect reports it.
        onKeyDown={({ detail }) => detail.key === "Enter" && !isChoosing() && add(wanted)}
        onBlur={() => add(wanted)}
      />
    </FieldGroup>
  );
}
