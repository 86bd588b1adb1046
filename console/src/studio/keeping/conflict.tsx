/** Two have changed one text: what is kept now, beside what would be kept, which takes in both as far as they do not meet. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Format } from "../../document";
import { type Config, type Configs, mergedConfig } from "../../editing/config";
import { Choices } from "../../shell/choices";
import { language } from "../../text/language";
import { looks } from "../../text/looks";
import { words } from "../../words";
import { ConfigConflict } from "../config/config_conflict";
import { merged } from "./merge";
import "./conflict.css";

interface Props {
  format: Format;
  /** What both began with, what is kept now, and what is here. */
  base: string;
  theirs: string;
  yours: string;
  /** The same of what belongs to a state machine beside its text; null where nothing does. */
  configs: Configs | null;
  onSave: (text: string, config: Config | null) => void;
  onClose: () => void;
}

export function ConflictView({ format, base, theirs, yours, configs, onSave, onClose }: Props) {
  const [left, show] = useState<"theirs" | "base">("theirs");
  const { text, clashes } = useMemo(() => merged(base, yours, theirs), [base, yours, theirs]);
  // One of them may be as it was.
  const isText = base !== theirs;
  const settings = useMemo(() => configs && mergedConfig(configs), [configs]);
  const isConfig = settings !== null && settings.taken.length + settings.clashes.length > 0;
  const [config, configure] = useState(settings?.config ?? null);
  const said = [
    isText && clashes > 0 && words.studio.conflict.meet(clashes),
    settings && settings.clashes.length > 0 && words.config.conflict.meet,
  ].filter(Boolean);
  // A dialog shows what is in it a moment later than itself.
  const [place, setPlace] = useState<HTMLDivElement | null>(null);
  const result = useRef(text);
  useEffect(() => {
    if (!place) return;
    const label = (name: string) => EditorView.contentAttributes.of({ "aria-label": name });
    const follow = EditorView.updateListener.of(({ state }) => {
      result.current = state.doc.toString();
    });
    const view = new MergeView({
      parent: place,
      a: {
        doc: left === "theirs" ? theirs : base,
        extensions: [looks(), language(format), EditorState.readOnly.of(true), label(words.studio.conflict[left])],
      },
      b: { doc: result.current, extensions: [looks(), language(format), follow, label(words.studio.conflict.result)] },
      revertControls: "a-to-b",
      collapseUnchanged: { margin: 4, minSize: 8 },
    });
    return () => view.destroy();
  }, [place, format, left, theirs, base]);
  return (
    <Modal
      visible
      size="max"
      header={words.studio.conflict.title}
      closeAriaLabel={words.visit.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {words.studio.conflict.back}
            </Button>
            <Button variant="primary" onClick={() => onSave(result.current, config)}>
              {words.studio.conflict.save}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <div className="conflict">
        <p>{said.length > 0 ? said.join(" ") : words.studio.conflict.apart}</p>
        {isConfig && configs && <ConfigConflict configs={configs} merged={settings} onChange={configure} />}
        {isText && (
          <>
            <div className="heads">
              <Choices
                label={words.studio.conflict.left}
                of={["theirs", "base"]}
                chosen={left}
                said={words.studio.conflict}
                onChoose={show}
              />
              <strong>{words.studio.conflict.result}</strong>
            </div>
            <div className="texts" ref={setPlace} />
          </>
        )}
      </div>
    </Modal>
  );
}
