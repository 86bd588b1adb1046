import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Spinner from "@cloudscape-design/components/spinner";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { FoldedCommands } from "../../acts/commands_view";
import { Dialog } from "../../acts/dialog";
import { useAct } from "../../acts/use_act";
import type { VisitData } from "../../api/generated/console";
import { type Tested, type ToTest, testState } from "../../api/test_state";
import { JsonEditor, jsonWrong } from "../../data/json_editor";
import { indented } from "../../execution/json_text";
import { stateText, withState } from "../../execution/state_text";
import { type Gave, type Run, recordedWork, toTest, worksOf } from "../../execution/trial";
import type { Visit } from "../../execution/visits";
import { Choices } from "../../shell/choices";
import { words } from "../../words";
import { Tried } from "./tried";
import { useRecorded } from "./use_recorded";
import "./trying.css";

interface Props {
  run: Run;
  visit: Visit;
  onClose: () => void;
}

/** A visit once more, by itself: with the data that it had, or with other data, or as another state. Nothing is stored. */
export function TryDialog({ run, visit, onClose }: Props) {
  const { data, error, variables, unknown } = useRecorded(run, visit);
  const text = stateText(run.revision.text, visit.pointer);
  if (data && text !== null)
    return <Trial run={run} visit={visit} onClose={onClose} recorded={{ text, data, variables, unknown }} />;
  const refused = error?.message ?? (text === null ? words.trying.noState : null);
  return (
    <Dialog title={words.trying.title} refused={refused} onClose={onClose}>
      {!refused && <Spinner />}
    </Dialog>
  );
}

interface TrialProps extends Props {
  recorded: { text: string; data: VisitData; variables: string; unknown: string[] };
}

function Trial({ run, visit, recorded: { text, data, variables, unknown }, onClose }: TrialProps) {
  const works = worksOf(visit.type);
  const [state, define] = useState(() => indented(text));
  const [input, give] = useState(() => indented(data.input?.text ?? "{}"));
  const [seen, see] = useState(variables);
  const [gave, change] = useState<Gave>(() => recordedWork(visit, data));
  const [tested, tell] = useState<{ of: ToTest; answer: Tested } | null>(null);
  const { work, result, error, cause } = gave;
  const acting = useAct(async () => {
    const definition = withState(run.revision.text, visit.pointer, state);
    const of = toTest(run, visit, { definition, input, variables: seen }, gave);
    return { of, answer: await testState(of) };
  }, tell);
  const isWrong = [state, input, seen, ...(work === "result" ? [result] : [])].some((each) => jsonWrong(each) !== null);
  const isCut = data.input?.cut || (work === "result" && data.attempts.at(-1)?.result?.cut);
  return (
    <Dialog
      title={words.trying.titleOf(visit.path)}
      size="max"
      act={{ text: words.trying.run, acting, disabled: isWrong }}
      refused={acting.refused?.message ?? null}
      onClose={onClose}
    >
      <div className="trying">
        <div className="given">
          {isCut && <Alert type="info">{words.trying.cut}</Alert>}
          {unknown.length > 0 && <Alert type="info">{words.trying.unknown(unknown)}</Alert>}
          <JsonEditor label={words.trying.input} value={input} onChange={give} rows={8} />
          <JsonEditor label={words.trying.definition} value={state} onChange={define} rows={10} />
          {works.length > 1 && (
            <FormField label={words.trying.work}>
              <Choices
                label={words.trying.work}
                of={works}
                chosen={work}
                said={words.trying.works}
                onChoose={(wanted) => change({ ...gave, work: wanted })}
              />
            </FormField>
          )}
          {work === "call" && <Alert type="warning">{words.trying.callText}</Alert>}
          {work === "result" && (
            <JsonEditor
              label={words.trying.result}
              value={result}
              onChange={(text) => change({ ...gave, result: text })}
              rows={5}
            />
          )}
          {work === "error" && (
            <>
              <FormField stretch label={words.acts.error}>
                <Input value={error} onChange={({ detail }) => change({ ...gave, error: detail.value })} />
              </FormField>
              <FormField stretch label={words.acts.cause}>
                <Textarea rows={3} value={cause} onChange={({ detail }) => change({ ...gave, cause: detail.value })} />
              </FormField>
            </>
          )}
          {seen !== "{}" && <JsonEditor label={words.trying.variables} value={seen} onChange={see} rows={3} />}
        </div>
        <div className="came" aria-live="polite">
          {tested ? (
            <>
              <Tried answer={tested.answer} state={stateText(tested.of.definition, visit.pointer) ?? "{}"} />
              <FoldedCommands of={{ operation: "TestState", given: { ...tested.of, inspectionLevel: "DEBUG" } }} />
            </>
          ) : (
            <p className="hint">{words.trying.hint}</p>
          )}
        </div>
      </div>
    </Dialog>
  );
}
