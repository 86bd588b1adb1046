/** What a state machine is called, what it is, and as what it runs: also what is asked when one is created. */
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { words } from "../../words";
import { accountShown, roleOf } from "./accounts";
import { Line } from "./line";
import type { Configuring } from "./use_config";

/** `isAsked`: one begins with it. */
export function Name({ of, isAsked = false }: { of: Configuring; isAsked?: boolean }) {
  const { name } = of.config;
  if (name === undefined) return null;
  const problem = of.problems.get("name");
  return (
    <Line
      label={words.config.name}
      text={words.config.nameText}
      rule={words.studio.nameRule}
      value={name}
      autoFocus={isAsked}
      problem={name === "" ? undefined : problem}
      onSet={(name) => of.set({ name }, words.config.name)}
    />
  );
}

/** It is chosen once. */
export function Type({ of }: { of: Configuring }) {
  const { config, express, isLocked } = of;
  const isNew = config.name !== undefined;
  if (!isNew) {
    return (
      <FormField label={words.config.type} description={words.config.typeStays}>
        <strong>{words.types[config.type]}</strong>
      </FormField>
    );
  }
  return (
    <FormField label={words.config.type}>
      <RadioGroup
        ariaLabel={words.config.type}
        value={config.type}
        items={[
          { value: "STANDARD", label: words.types.STANDARD, description: words.studio.standard, disabled: isLocked },
          {
            value: "EXPRESS",
            label: words.types.EXPRESS,
            description: express ? words.studio.express : words.config.noExpress,
            disabled: isLocked || !express,
          },
        ]}
        onChange={({ detail }) =>
          of.set({ type: detail.value === "EXPRESS" ? "EXPRESS" : "STANDARD" }, words.config.type)
        }
      />
    </FormField>
  );
}

export function Role({ of }: { of: Configuring }) {
  const { config, place, accounts, isLocked } = of;
  const { roleArn } = config;
  const problem = of.problems.has("roleArn");
  if (!accounts) {
    return (
      <Line
        label={words.config.role}
        text={words.config.roleText}
        value={roleArn}
        disabled={isLocked}
        problem={problem ? words.config.problems.role : undefined}
        onSet={(typed) => of.set({ roleArn: typed.trim() }, words.config.role)}
      />
    );
  }
  return (
    <Line
      label={words.config.account}
      text={words.config.accountText}
      placeholder={words.config.ownAccount}
      value={accountShown(roleArn, place)}
      disabled={isLocked}
      problem={problem ? words.config.problems.account : undefined}
      onSet={(typed) => of.set({ roleArn: roleOf(typed, place) }, words.config.account)}
    />
  );
}
