import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { LARGEST_INPUT_BYTES, redrive } from "../api/acts";
import { definitionOf } from "../api/executions";
import type { Execution } from "../api/generated/console";
import { someVisits, visitData } from "../api/visits";
import { JsonEditor, jsonWrong } from "../data/json_editor";
import { child, isOutermostState, last } from "../document/pointer";
import { indented } from "../execution/json_text";
import { statesOf } from "../execution/state_text";
import type { Standing } from "../execution/visits";
import { Choices } from "../shell/choices";
import { words } from "../words";
import { redriving } from "./commands";
import { FoldedCommands } from "./commands_view";
import { Dialog } from "./dialog";
import { useRight } from "./rights";
import { useAct } from "./use_act";

const PLACES = ["failed", "state"] as const;

interface Props {
  execution: Execution;
  /** The state to go on at; without one it is where the execution failed, until another is chosen. */
  at?: string;
  onClose: () => void;
}

/** It calls tasks again, so it is asked for once more. */
export function RedriveDialog({ execution, at, onClose }: Props) {
  const { arn, name, redrives = 0 } = execution;
  const [place, goOn] = useState<(typeof PLACES)[number]>(at === undefined ? "failed" : "state");
  const [state, choose] = useState<string | null>(at === undefined ? null : last(at));
  const [typed, type] = useState<string | null>(null);
  const recorded = useInput(execution, place === "state" ? state : null);
  const input = typed ?? recorded.text;
  const from = place === "state" && state !== null ? { state, input } : undefined;
  const right = useRight("RedriveExecutionFrom");
  const acting = useAct(() => redrive(arn, from), onClose);
  const isOpen = place === "state" && (!from || recorded.isComing || jsonWrong(input, LARGEST_INPUT_BYTES) !== null);
  return (
    <Dialog
      title={words.redriving.title(name)}
      {...(place === "state" ? { size: "large" } : {})}
      act={{ text: words.acts.redrive, acting, disabled: isOpen }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      <FormField stretch label={words.redriving.place}>
        <Choices
          label={words.redriving.place}
          of={PLACES}
          chosen={place}
          said={words.redriving.places}
          isClosed={(each) => each === "state" && right.disabled === true}
          onChoose={goOn}
        />
      </FormField>
      {place === "failed" ? (
        <p>{words.redriving.failed}</p>
      ) : (
        <>
          <States
            execution={execution}
            chosen={state}
            onChoose={(wanted) => {
              choose(wanted);
              type(null);
            }}
          />
          {state !== null && <p>{words.redriving.chosen}</p>}
          {state !== null && (
            <JsonEditor
              label={words.redriving.input}
              description={words.redriving[recorded.kind]}
              value={input}
              onChange={type}
              most={LARGEST_INPUT_BYTES}
            />
          )}
        </>
      )}
      {(place === "failed" || from) && <FoldedCommands of={redriving(arn, name, redrives, from)} />}
    </Dialog>
  );
}

interface StatesProps {
  execution: Execution;
  chosen: string | null;
  onChoose: (state: string) => void;
}

/** Those that are in no other. */
function States({ execution: { arn, revision }, chosen, onChoose }: StatesProps) {
  const { data } = useQuery(definitionOf(arn, revision));
  const options = statesOf(data?.text ?? "").map((value) => ({ value, label: value }));
  return (
    <FormField stretch label={words.redriving.state}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        placeholder={words.redriving.chooseState}
        filteringType="auto"
        filteringAriaLabel={words.redriving.chooseState}
        onChange={({ detail }) => detail.selectedOption.value !== undefined && onChoose(detail.selectedOption.value)}
      />
    </FormField>
  );
}

interface Input {
  text: string;
  /** What is known of it. */
  kind: "recorded" | "never" | "cut";
  isComing: boolean;
}

/** How visits stand with which executions end. */
const STANDINGS: Readonly<Record<string, Standing>> = { FAILED: "Failed", TIMED_OUT: "TimedOut", ABORTED: "Aborted" };

/** With which the state was entered last; if it never was, that of the state where the execution ended. */
function useInput({ arn, status }: Execution, state: string | null): Input {
  const isWanted = state !== null;
  const { data: own } = useQuery(someVisits(arn, isWanted ? { pointer: child("", "States", state) } : {}, isWanted));
  const isNever = isWanted && own?.length === 0;
  const standing = STANDINGS[status];
  const { data: unsuccessful } = useQuery(someVisits(arn, standing ? { standing } : {}, isNever));
  const outermost = unsuccessful?.filter(({ pointer }) => isOutermostState(pointer));
  const { data } = useQuery(visitData(arn, isWanted ? (own?.at(-1) ?? outermost?.at(-1)) : undefined));
  const kind = isNever ? "never" : "recorded";
  if (data?.input) return { text: indented(data.input.text), kind: data.input.cut ? "cut" : kind, isComing: false };
  const isKnown = data !== undefined || (isNever && outermost?.length === 0);
  return { text: "{}", kind, isComing: !isKnown };
}
