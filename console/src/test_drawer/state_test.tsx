/** Tries one state on an input, with something in the place of what it would call. */
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { testState } from "../api/test_state";
import type { Pointer } from "../document";
import { last } from "../document/pointer";
import { inputs } from "../editing/inputs";
import { results } from "../editing/results";
import { useSession } from "../editing/use_session";
import { useSample } from "../expressions/sample";
import { variablesAt } from "../expressions/variables";
import { Choices } from "../shell/choices";
import { words } from "../words";
import { DataField, problemOf } from "./data_field";
import { SavedInputs } from "./saved_inputs";
import { besides, type Mock, mayMock, mustMock, resultOf, trialOf } from "./trial";
import { TrialForm } from "./trial_form";
import { VerdictView } from "./verdict";

interface Props {
  state: Pointer;
  role: string;
  /** Why it cannot be tried; null if it can. */
  forbidden: string | null;
}

export function StateTest({ state, role, forbidden }: Props) {
  const { session, now, machine } = useSession();
  const value = now.document.at(state);
  const sample = useSample(machine, state);
  const [written, write] = useState<string | null>(null);
  const [variables, setVariables] = useState<string | null>(null);
  const [mock, setMock] = useState<Mock>(() => (mustMock(value) ? { kind: "result", text: "{}" } : { kind: "none" }));
  const input = written ?? sample?.input ?? "{}";
  const known = variablesAt(now.document, state);
  const given = variables ?? sample?.variables ?? (known.length > 0 ? "{}" : "");
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => testState(trialOf(now.document, state, { input, variables: given, mock, role })),
    onMutate: () => inputs.tried(machine, state, input),
    onSuccess: (verdict) => results.show(resultOf(session.snapshot().graph, state, verdict)),
  });
  const wrong = [input, ...(given ? [given] : []), ...(mock.kind === "result" ? [mock.text] : [])].some(
    (text) => problemOf(text) !== null,
  );
  const cannot = forbidden ?? (now.broken && words.forms.broken(now.broken.line, now.broken.message));
  const goOn = (next: string, output: string) => {
    const following = besides(state, next);
    inputs.tried(machine, following, output);
    session.select(following);
  };
  return (
    <TrialForm
      label={words.test.state(last(state))}
      given={
        <>
          <DataField
            label={words.test.input}
            text={input}
            onChange={write}
            beside={<SavedInputs machine={machine} text={input} onChoose={write} />}
          />
          {known.length > 0 && (
            <DataField
              label={words.test.variables}
              help={known.map((name) => `$${name}`).join(", ")}
              text={given}
              onChange={setVariables}
            />
          )}
          {mayMock(value) && <MockField mock={mock} mayCall={!mustMock(value)} onChange={setMock} />}
        </>
      }
      button={words.test.try}
      hint={words.test.keys}
      isWrong={wrong}
      isPending={isPending}
      cannot={cannot}
      onRun={mutate}
      error={error}
      outcome={
        data ? (
          <VerdictView
            of={data}
            onGoOn={
              data.nextState !== undefined && data.output !== undefined
                ? () => goOn(data.nextState ?? "", data.output ?? "{}")
                : null
            }
          />
        ) : null
      }
      nothing={words.test.nothing}
    />
  );
}

function MockField({ mock, mayCall, onChange }: { mock: Mock; mayCall: boolean; onChange: (mock: Mock) => void }) {
  const kinds = (["none", "result", "error"] as const).filter((kind) => kind !== "none" || mayCall);
  return (
    <>
      <FormField label={words.test.mock} description={mayCall ? words.test.mockHelp : words.test.mustMock}>
        <Choices
          label={words.test.mock}
          of={kinds}
          chosen={mock.kind}
          said={words.test.mocks}
          onChoose={(kind) => onChange(fresh(kind))}
        />
      </FormField>
      {mock.kind === "result" && (
        <DataField
          label={words.test.mockResult}
          text={mock.text}
          onChange={(text) => onChange({ kind: "result", text })}
        />
      )}
      {mock.kind === "error" && (
        <>
          <FormField label={words.test.mockError}>
            <Input
              value={mock.error}
              spellcheck={false}
              onChange={({ detail }) => onChange({ ...mock, error: detail.value })}
            />
          </FormField>
          <FormField label={words.test.mockCause}>
            <Input value={mock.cause} onChange={({ detail }) => onChange({ ...mock, cause: detail.value })} />
          </FormField>
        </>
      )}
    </>
  );
}

function fresh(kind: Mock["kind"]): Mock {
  if (kind === "result") return { kind, text: "{}" };
  return kind === "error" ? { kind, error: "States.TaskFailed", cause: "" } : { kind: "none" };
}
