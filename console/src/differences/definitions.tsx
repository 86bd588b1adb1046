import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useMemo, useState } from "react";
import { Canvas } from "../canvas/canvas";
import { useDefinition } from "../canvas/definition_view";
import type { Mark } from "../canvas/nodes";
import { indented } from "../execution/json_text";
import { differencesOf } from "../graph/differences";
import { language } from "../text/language";
import { looks } from "../text/looks";
import { words } from "../words";
import "./definitions.css";

/** `left`, `right`: texts of definitions. */
interface Props {
  left: string;
  right: string;
  names: readonly [string, string];
}

/** What is different in two definitions: on the graph of the left one, and text beside text. */
export function Definitions({ left, right, names }: Props) {
  return (
    <>
      <OnGraph left={left} right={right} />
      <Beside left={indented(left)} right={indented(right)} names={names} />
    </>
  );
}

/** Which states are others; nothing where only the machine itself is. */
function OnGraph({ left, right }: { left: string; right: string }) {
  const here = useDefinition(left);
  const there = useDefinition(right);
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

function Beside({ left, right, names: [here, there] }: Props) {
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
