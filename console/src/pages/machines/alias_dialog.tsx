import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { Dialog } from "../../acts/dialog";
import { useAct } from "../../acts/use_act";
import { numberOf } from "../../api/arns";
import { type Alias, createAlias, updateAlias, type Version } from "../../api/versions";
import { words } from "../../words";
import { moment } from "../../words/time";
import { type Routing, routesOf, routingOf, wrongIn } from "./routing";

/** Letters, digits, hyphens, underscores and dots, but no number: that would be a version. */
const NAME = /^(?=.*[^0-9])[A-Za-z0-9_.-]{1,80}$/;

interface Props {
  /** ARN of the state machine. */
  machine: string;
  versions: readonly Version[];
  /** The one that is changed; without it there is a new one. */
  alias?: Alias;
  onClose: () => void;
}

/** Which version an alias leads to, or how two share its executions. */
export function AliasDialog({ machine, versions, alias, onClose }: Props) {
  const numbers = versions.map(({ stateMachineVersionArn }) => numberOf(stateMachineVersionArn));
  const [name, call] = useState(alias?.name ?? "");
  const [description, describe] = useState(alias?.description ?? "");
  const [routing, route] = useState<Routing>(() => routingOf(alias?.routingConfiguration ?? [], numbers[0] ?? null));
  const wrong = wrongIn(routing);
  const told = { description, routingConfiguration: routesOf(machine, routing) };
  const acting = useAct(
    () => (alias ? updateAlias(alias.stateMachineAliasArn, told) : createAlias(name, told)),
    onClose,
  );
  const options = versions.map(({ stateMachineVersionArn, creationDate }) => ({
    value: `${numberOf(stateMachineVersionArn)}`,
    label: words.versions.named(numberOf(stateMachineVersionArn)),
    description: words.versions.publishedAt(moment(creationDate * 1000)),
  }));
  const choice = (label: string, chosen: number | null, choose: (number: number) => void, error?: string) => (
    <FormField stretch label={label} {...(error ? { errorText: error } : {})}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === `${chosen}`) ?? null}
        placeholder={words.versions.choose}
        onChange={({ detail }) => choose(Number(detail.selectedOption.value))}
      />
    </FormField>
  );
  const other = numbers.find((number) => number !== routing.first) ?? null;
  return (
    <Dialog
      title={alias ? words.versions.changeTitle(alias.name) : words.versions.createTitle}
      act={{
        text: alias ? words.versions.save : words.versions.create,
        acting,
        disabled: wrong !== null || !NAME.test(name),
      }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      {!alias && (
        <FormField stretch label={words.versions.name} constraintText={words.versions.nameRule}>
          <Input value={name} onChange={({ detail }) => call(detail.value)} />
        </FormField>
      )}
      {choice(words.versions.version, routing.first, (first) => route({ ...routing, first }))}
      {other !== null && (
        <Checkbox
          checked={routing.second !== null}
          description={words.versions.shareText}
          onChange={({ detail }) => route({ ...routing, second: detail.checked ? other : null })}
        >
          {words.versions.share}
        </Checkbox>
      )}
      {routing.second !== null && (
        <>
          {choice(
            words.versions.second,
            routing.second,
            (second) => route({ ...routing, second }),
            wrong === "same" ? words.versions.same : undefined,
          )}
          <FormField
            stretch
            label={words.versions.weight}
            {...(wrong === "share" ? { errorText: words.versions.weightRule } : {})}
          >
            <Input
              value={routing.share}
              inputMode="numeric"
              onChange={({ detail }) => route({ ...routing, share: detail.value })}
            />
          </FormField>
        </>
      )}
      <FormField stretch label={words.versions.description}>
        <Input value={description} onChange={({ detail }) => describe(detail.value)} />
      </FormField>
    </Dialog>
  );
}
