/** States that a state holds: branches, and what is done with each item. */
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { addBranch, type Pointer } from "../../document";
import { child, parent } from "../../document/pointer";
import { entries, items, member } from "../../document/value";
import { words } from "../../words";
import { FieldGroup, Troubles } from "../field";
import { Fields } from "../fields";
import { useForm } from "../form";
import { Json } from "./json";
import type { EditorProps } from "./props";

export function Scopes(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const value = form.at(at);
  if (value !== undefined && !Array.isArray(value)) return <Json {...props} />;
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      <ol className="entries">
        {items(value).map((_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a branch has no other name
          <li key={index}>
            <div className="item-head">
              <strong>{words.forms.branch(index + 1)}</strong>
              <Button
                variant="icon"
                iconName="remove"
                ariaLabel={words.forms.remove(words.forms.branch(index + 1))}
                disabled={form.locked !== null}
                onClick={() => form.set(child(at, index), undefined, words.forms.branch(index + 1))}
              />
            </div>
            <Inside at={child(at, index)} />
            <Fields holder={`${asked.place}[]`} at={child(at, index)} />
          </li>
        ))}
      </ol>
      <Button
        iconName="add-plus"
        disabled={form.locked !== null}
        onClick={() => form.session.apply((document) => addBranch(document, parent(at)))}
      >
        {words.forms.addBranch}
      </Button>
    </FieldGroup>
  );
}

/** One scope, with fields of its own. */
export function Scope(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const value = form.at(at);
  if (value !== undefined && !(value instanceof Map)) return <Json {...props} />;
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      {value !== undefined && <Inside at={at} />}
      <Fields holder={asked.place} at={at} />
    </FieldGroup>
  );
}

/** What it begins with, and its states to go to. */
export function Inside({ at }: { at: Pointer }) {
  const form = useForm();
  const names = entries(member(form.at(at), "States")).map(([name]) => name);
  const start = form.at(child(at, "StartAt"));
  const options = names.map((name) => ({ value: name, label: name }));
  return (
    <div className="inside">
      <Troubles of={form.troubles(at, false)} />
      <Troubles of={form.troubles(child(at, "StartAt"), true)} />
      <FormField label={words.forms.startAt}>
        <Select
          selectedOption={typeof start === "string" ? { value: start, label: start } : null}
          options={options}
          disabled={form.locked !== null}
          onChange={({ detail }) =>
            form.set(child(at, "StartAt"), detail.selectedOption.value ?? "", words.forms.startAt)
          }
        />
      </FormField>
      <ul className="states" aria-label={words.forms.states}>
        {names.map((name) => (
          <li key={name}>
            <Button variant="inline-link" onClick={() => form.session.select(child(at, "States", name))}>
              {name}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
