/** What is around every field: its name, what it is for, what is wrong with it, and how it goes away again. */
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import type { ReactNode } from "react";
import type { Pointer } from "../document";
import type { Trouble } from "../editing/snapshot";
import type { Asked } from "../language/fields";
import { words } from "../words";
import { useForm } from "./form";

export interface FieldProps {
  asked: Asked;
  at: Pointer;
  /** What a person has typed that is not a value. */
  problem?: string | null;
  /** Beside the title, as a choice between fields of which one may be there. */
  beside?: ReactNode;
  children: ReactNode;
}

/** Of one control. */
export function Field({ asked, at, problem = null, beside, children }: FieldProps) {
  const form = useForm();
  const troubles = form.troubles(at, true);
  return (
    <div className="field">
      <FormField
        stretch
        label={beside ? <span className="unseen">{asked.title}</span> : asked.title}
        info={beside}
        description={asked.help}
        constraintText={bounds(asked)}
        errorText={problem ?? messages(troubles, "error")}
        warningText={problem ? undefined : messages(troubles, "warning")}
      >
        {children}
      </FormField>
      <Remove asked={asked} at={at} />
    </div>
  );
}

/** Of several controls: a group with a name. */
export function FieldGroup({ asked, at, beside, children }: FieldProps) {
  const form = useForm();
  const troubles = form.troubles(at, false);
  return (
    <fieldset className="field-group">
      <legend className={beside ? "unseen" : ""}>{asked.title}</legend>
      {beside}
      <div className="about">
        <p>{asked.help}</p>
        <Remove asked={asked} at={at} />
      </div>
      <Troubles of={troubles} />
      {children}
    </fieldset>
  );
}

export function Troubles({ of }: { of: readonly Trouble[] }) {
  return of.map(({ severity, message, from }) => (
    <p key={`${from} ${message}`} className={`trouble ${severity}`} role="note">
      <span aria-hidden="true">{severity === "error" ? "✕" : "⚠"}</span> {message}
    </p>
  ));
}

/** What may be missing can be taken away. */
function Remove({ asked, at }: { asked: Asked; at: Pointer }) {
  const form = useForm();
  const isThere = form.at(at) !== undefined;
  if (!isThere || asked.field.required || form.locked !== null) return null;
  const label = words.forms.remove(asked.title);
  return (
    <Button variant="icon" iconName="close" ariaLabel={label} onClick={() => form.set(at, undefined, asked.title)} />
  );
}

function bounds({ field: { min, max } }: Asked): string | undefined {
  if (min === undefined && max === undefined) return undefined;
  return words.forms.bounds(min, max);
}

function messages(troubles: readonly Trouble[], severity: Trouble["severity"]): string | undefined {
  const found = troubles.filter((each) => each.severity === severity).map(({ message }) => message);
  return found.length > 0 ? found.join(" ") : undefined;
}
