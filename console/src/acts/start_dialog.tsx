import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { type Answered, type Begun, inputOf, LARGEST_INPUT_BYTES, start, startAndWait } from "../api/acts";
import { nameOf } from "../api/arns";
import { executions } from "../api/executions";
import { machine as machineQuery } from "../api/machines";
import { JsonEditor, jsonWrong } from "../data/json_editor";
import { JsonView } from "../data/json_view";
import { useHere, usePathOf } from "../shell/here";
import { Status } from "../shell/status";
import { words } from "../words";
import { moment } from "../words/time";
import { starting } from "./commands";
import { FoldedCommands } from "./commands_view";
import { Dialog } from "./dialog";
import { draftOf, keepDraft } from "./drafts";
import { useAct } from "./use_act";

/** Refusals that are about one of the fields. */
const OF_NAME = new Set(["ExecutionAlreadyExists", "InvalidName"]);
const OF_INPUT = new Set(["InvalidExecutionInput"]);

interface Props {
  /** ARN of the state machine. */
  machine: string;
  /** ARN of the version or the alias that is started. */
  by?: string;
  /** ARN of the execution whose input is wanted again. */
  like?: string;
  onClose: () => void;
}

export function StartDialog({ machine, by = machine, like, onClose }: Props) {
  const pathOf = usePathOf();
  const { history } = useRouter();
  const [copied, copy] = useState(like);
  const [typed, type] = useState<string | null>(like === undefined ? draftOf(machine) : null);
  const [name, call] = useState("");
  const { data: found } = useQuery(machineQuery(machine));
  const isExpress = found?.type === "EXPRESS";
  const earlier = useQuery({
    queryKey: ["input", copied],
    queryFn: ({ signal }) => inputOf(copied ?? "", signal),
    enabled: copied !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const input = typed ?? earlier.data ?? (copied === undefined ? "{}" : "");
  const edit = (text: string) => {
    type(text);
    keepDraft(machine, text);
  };
  const [answer, say] = useState<Answered | null>(null);
  const wanted = { stateMachineArn: by, input, ...(name ? { name } : {}) };
  const acting = useAct<Begun | Answered>(
    () => (isExpress ? startAndWait(wanted) : start(wanted)),
    (begun) => {
      if ("status" in begun) return say(begun);
      onClose();
      history.push(pathOf(begun.executionArn));
    },
  );
  const { code = "", message = null } = acting.refused ?? {};
  const isElsewhere = !OF_NAME.has(code) && !OF_INPUT.has(code);
  return (
    <Dialog
      title={words.acts.startTitle(nameOf(by))}
      size="large"
      act={{
        text: words.acts.start,
        acting,
        disabled: earlier.isLoading || jsonWrong(input, LARGEST_INPUT_BYTES) !== null,
      }}
      refused={earlier.error?.message ?? (isElsewhere ? message : null)}
      onClose={onClose}
    >
      <FormField
        stretch
        label={words.acts.name}
        description={words.acts.nameText}
        {...(OF_NAME.has(code) ? { errorText: message } : {})}
      >
        <Input value={name} onChange={({ detail }) => call(detail.value)} />
      </FormField>
      {!isExpress && (
        <Earlier
          machine={machine}
          chosen={copied}
          onChoose={(arn) => {
            copy(arn);
            type(null);
          }}
        />
      )}
      <JsonEditor
        label={words.acts.input}
        value={input}
        onChange={edit}
        most={LARGEST_INPUT_BYTES}
        refused={OF_INPUT.has(code) ? message : null}
      />
      {answer && <AnswerView of={answer} />}
      <FoldedCommands of={starting(by, nameOf(machine), name || undefined, input)} />
    </Dialog>
  );
}

/** Inputs that there have been: those of the executions that were started last. */
function Earlier({
  machine,
  chosen,
  onChoose,
}: {
  machine: string;
  chosen: string | undefined;
  onChoose: (arn: string) => void;
}) {
  const { namespace } = useHere();
  const { data } = useInfiniteQuery(executions({ namespace, machine }));
  const rows = data?.pages[0]?.rows ?? [];
  if (!rows.length) return null;
  const options = rows.map(({ arn, name, status, started }) => ({
    value: arn,
    label: name,
    description: `${words.status[status] ?? status} · ${moment(started)}`,
  }));
  return (
    <FormField stretch label={words.acts.earlier}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        placeholder={words.acts.chooseEarlier}
        filteringType="auto"
        filteringAriaLabel={words.executions.find}
        onChange={({ detail }) => detail.selectedOption.value && onChoose(detail.selectedOption.value)}
      />
    </FormField>
  );
}

/** Of an Express execution, which nobody finds again later. */
const AnswerView = ({ of: { status, output, error, cause } }: { of: Answered }) => (
  <section className="answered" aria-label={words.acts.answer}>
    <Status of={status} />
    {error && <code>{error}</code>}
    {cause && <pre>{cause}</pre>}
    {output !== undefined && <JsonView text={output} label={words.visit.output} />}
  </section>
);
