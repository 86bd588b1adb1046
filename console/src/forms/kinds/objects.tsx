/** A list of objects whose order counts: Retry and Catch. */
import Button from "@cloudscape-design/components/button";
import type { Value } from "../../document";
import type { Content } from "../../document/content";
import { child } from "../../document/pointer";
import { items, member } from "../../document/value";
import { words } from "../../words";
import { FieldGroup, Troubles } from "../field";
import { Fields } from "../fields";
import { type Form, useForm } from "../form";
import { Json } from "./json";
import { Ordered } from "./ordered";
import type { EditorProps } from "./props";

export function Entries(props: EditorProps) {
  const { asked, at, beside } = props;
  const form = useForm();
  const value = form.at(at);
  if (value !== undefined && !Array.isArray(value)) return <Json {...props} />;
  const entries = (value ?? []) as readonly Value[];
  return (
    <FieldGroup asked={asked} at={at} beside={beside}>
      <Ordered asked={asked} list={at} items={entries} titleOf={titleOf}>
        {(_, index) => (
          <>
            <Troubles of={form.troubles(child(at, index), false)} />
            <Fields holder={`${asked.place}[]`} at={child(at, index)} />
          </>
        )}
      </Ordered>
      <Button
        iconName="add-plus"
        disabled={form.locked !== null}
        onClick={() => form.append(at, fresh(form, asked.name), asked.title)}
      >
        {words.forms.add(asked.title)}
      </Button>
    </FieldGroup>
  );
}

/** Which errors it is for. */
function titleOf(entry: Value, index: number): string {
  const errors = items(member(entry, "ErrorEquals")).filter((each) => typeof each === "string");
  return errors.length > 0 ? errors.join(", ") : words.forms.entry(index + 1);
}

/** An entry that is valid as it is. */
function fresh(form: Form, name: string): Content {
  const all = { ErrorEquals: ["States.ALL"] };
  if (name === "Retry") return all;
  return { ...all, Next: form.siblings.find((each) => each !== form.name) ?? form.name };
}
