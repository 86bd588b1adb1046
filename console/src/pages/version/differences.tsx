import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { numberOf } from "../../api/arns";
import { machine as machineQuery } from "../../api/machines";
import { version as versionQuery, versions } from "../../api/versions";
import { Canvas } from "../../canvas/canvas";
import { useDefinition } from "../../canvas/definition_view";
import type { Mark } from "../../canvas/nodes";
import { indented } from "../../execution/json_text";
import { differencesOf } from "../../graph/differences";
import { Loading } from "../../shell/broken";
import { language } from "../../text/language";
import { looks } from "../../text/looks";
import { words } from "../../words";
import { moment } from "../../words/time";
import "./differences.css";

interface Props {
  /** ARN of the state machine. */
  machine: string;
  /** Of the version that is looked at, and its definition. */
  number: number;
  text: string;
  /** The version that it is compared with; without one, what is stored now. */
  against: number | undefined;
  onAgainst: (number: number | undefined) => void;
}

const NOW = "now";

/** What is different in another version, or in what is stored now, which is on the right. */
export function Differences({ machine, number, text, against, onAgainst }: Props) {
  const listed = useQuery(versions(machine));
  const other = useQuery(against === undefined ? machineQuery(machine) : versionQuery(`${machine}:${against}`));
  const options = [
    { value: NOW, label: words.versions.now },
    ...(listed.data ?? [])
      .map(({ stateMachineVersionArn, creationDate }) => ({
        value: `${numberOf(stateMachineVersionArn)}`,
        label: words.versions.named(numberOf(stateMachineVersionArn)),
        description: words.versions.publishedAt(moment(creationDate * 1000)),
      }))
      .filter(({ value }) => value !== `${number}`),
  ];
  const chosen = against === undefined ? NOW : `${against}`;
  return (
    <div className="differences">
      <FormField label={words.versions.against}>
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === chosen) ?? { value: chosen, label: chosen }}
          onChange={({ detail }) => {
            const { value } = detail.selectedOption;
            onAgainst(value === NOW ? undefined : Number(value));
          }}
        />
      </FormField>
      {other.error && <Alert type="error">{other.error.message}</Alert>}
      {other.data && <OnGraph text={text} other={other.data.definition} />}
      {other.data ? (
        <Beside
          left={indented(text)}
          right={indented(other.data.definition)}
          names={[
            words.versions.named(number),
            against === undefined ? words.versions.now : words.versions.named(against),
          ]}
        />
      ) : (
        !other.error && <Loading />
      )}
    </div>
  );
}

/** Which states are others; nothing where only the machine itself is. */
function OnGraph({ text, other }: { text: string; other: string }) {
  const here = useDefinition(text);
  const there = useDefinition(other);
  const { states, onlyThere } = useMemo(() => differencesOf(here.value, there.value), [here.value, there.value]);
  const marks = useMemo(
    () =>
      new Map([...states].map(([id, how]): [string, Mark] => [id, { tone: how, text: words.comparison.marks[how] }])),
    [states],
  );
  if (marks.size === 0 && onlyThere.length === 0) return null;
  return (
    <>
      <div className="graph">
        <Canvas graph={here.graph} marks={marks} />
      </div>
      {onlyThere.length > 0 && <p className="hint">{words.versions.onlyThere(onlyThere)}</p>}
    </>
  );
}

interface BesideProps {
  left: string;
  right: string;
  names: readonly [string, string];
}

function Beside({ left, right, names: [here, there] }: BesideProps) {
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  useEffect(() => {
    if (!place) return;
    const side = (doc: string, label: string) => ({
      doc,
      extensions: [
        looks(),
        language("json"),
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label }),
      ],
    });
    const view = new MergeView({
      parent: place,
      a: side(left, here),
      b: side(right, there),
      collapseUnchanged: { margin: 4, minSize: 8 },
    });
    return () => view.destroy();
  }, [place, left, right, here, there]);
  if (left === right) return <p className="hint">{words.versions.alike}</p>;
  return (
    <>
      <div className="heads">
        <strong>{here}</strong>
        <strong>{there}</strong>
      </div>
      <div className="texts" ref={setPlace} />
    </>
  );
}
