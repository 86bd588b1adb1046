/** One name with its value. In JSONPath a name that ends in `.$` takes its value from a path or a function. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Pointer } from "../../document";
import { child } from "../../document/pointer";
import type { Asked } from "../../language/fields";
import { words } from "../../words";
import { useDraft } from "../draft";
import { Troubles } from "../field";
import { useForm } from "../form";
import type { Parameter } from "../parameters";
import { Expression } from "./expression";

const BY_PATH = ".$";

interface Props {
  asked: Asked;
  /** The object that it is in. */
  holder: Pointer;
  name: string;
  known: Parameter | undefined;
}

export function Member({ asked, holder, name, known }: Props) {
  const form = useForm();
  const [problem, tell] = useState<string | null>(null);
  const at = child(holder, name);
  const value = form.at(at);
  const byPath = form.language === "JSONPath" && name.endsWith(BY_PATH);
  const bare = byPath ? name.slice(0, -BY_PATH.length) : name;
  const renamed = useDraft(
    bare,
    (to) => {
      const whole = byPath ? to + BY_PATH : to;
      if (to === "") return words.forms.noName;
      if (whole !== name && form.at(child(holder, whole)) !== undefined) return words.forms.nameTaken(to);
      form.session.edit(words.forms.renaming(bare, to), [{ do: "rename", at, to: whole }]);
      return null;
    },
    true,
  );
  const isLocked = form.locked !== null;
  const isNested = typeof value === "object" && value !== null && (value instanceof Map || Array.isArray(value));
  return (
    <div className="member">
      <input
        className={`name ${renamed.problem ? "invalid" : ""}`}
        aria-label={words.forms.nameOf(bare)}
        title={known?.help || bare}
        value={renamed.text}
        disabled={isLocked}
        spellCheck={false}
        onChange={({ target }) => renamed.type(target.value)}
        onBlur={renamed.done}
        onKeyDown={({ key }) => key === "Enter" && renamed.done()}
      />
      {form.language === "JSONPath" && (
        <button
          type="button"
          className="by-path"
          aria-pressed={byPath}
          title={words.forms.byPath}
          aria-label={words.forms.byPathOf(bare)}
          disabled={isLocked}
          onClick={() =>
            form.session.edit(words.forms.setting(bare, form.name), [
              { do: "rename", at, to: byPath ? bare : bare + BY_PATH },
              ...(byPath || typeof value === "string" ? [] : [{ do: "set" as const, at, value: "$." }]),
            ])
          }
        >
          .$
        </button>
      )}
      <div className="value">
        <Expression
          asked={asked}
          label={words.forms.valueOf(bare)}
          value={value}
          onSet={(set) => form.setAll([{ at, value: set }], words.forms.setting(bare, form.name))}
          onProblem={tell}
          mode={byPath ? "path" : "value"}
          plain={byPath}
          calls={byPath}
          lines={isNested}
          invalid={problem !== null}
        />
        {(problem ?? renamed.problem) && <p className="trouble error">{problem ?? renamed.problem}</p>}
        <Troubles of={form.troubles(at, true)} />
      </div>
      <Button
        variant="icon"
        iconName="close"
        ariaLabel={words.forms.remove(bare)}
        disabled={isLocked}
        onClick={() => form.setAll([{ at, value: undefined }], words.forms.removing(bare, form.name))}
      />
    </div>
  );
}

interface NewProps {
  taken: ReadonlySet<string>;
  offers: readonly string[];
  /** Null: none after all. */
  onName: (name: string | null) => void;
}

/** It becomes one once it has a name. */
export function NewMember({ taken, offers, onName }: NewProps) {
  const [name, write] = useState("");
  const isTaken = taken.has(name);
  return (
    <div className="new-member">
      <Autosuggest
        autoFocus
        value={name}
        ariaLabel={words.forms.newName}
        placeholder={words.forms.newName}
        invalid={isTaken}
        options={offers.map((value) => ({ value }))}
        enteredTextLabel={words.forms.use}
        clearAriaLabel={words.forms.clear}
        onChange={({ detail }) => write(detail.value)}
        onSelect={({ detail }) => onName(taken.has(detail.value) ? null : detail.value)}
        onKeyDown={({ detail }) => {
          if (detail.key === "Escape") onName(null);
          else if (detail.key === "Enter" && name !== "" && !isTaken && !hasChoice()) onName(name);
        }}
        onBlur={() => onName(name === "" || isTaken ? null : name)}
      />
      {isTaken && <p className="trouble error">{words.forms.nameTaken(name)}</p>}
    </div>
  );
}

const hasChoice = () => document.activeElement?.hasAttribute("aria-activedescendant") ?? false;
