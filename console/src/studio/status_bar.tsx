/** Below all: what was just said, and what is wrong, each finding one click from its place. */
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Trouble } from "../editing/snapshot";
import { stateAround } from "../editing/states";
import { useSession } from "../editing/use_session";
import { words } from "../words";

export function StatusBar() {
  const { session, now, wish } = useSession();
  const { problems, notice, readOnly, checked } = now;
  const [isOpen, open] = useState(false);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const show = ({ pointer, from }: Trouble) => {
    const state = stateAround(pointer);
    if (state !== null) session.select(state);
    wish({ kind: "text", from });
  };
  return (
    <footer className="status-bar">
      {isOpen && problems.length > 0 && (
        <ul className="problems" aria-label={words.studio.problems}>
          {problems.map((trouble) => (
            <li key={`${trouble.from} ${trouble.message}`} className={trouble.severity}>
              <button type="button" onClick={() => show(trouble)}>
                <b>{words.studio.severity[trouble.severity]}</b> {words.studio.line(trouble.line)} {trouble.message}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="line">
        {problems.length > 0 ? (
          <button
            type="button"
            className={errors > 0 ? "error" : "warning"}
            aria-expanded={isOpen}
            onClick={() => open(!isOpen)}
          >
            {words.studio.count(errors, problems.length - errors)}
          </button>
        ) : (
          <span className="fine">{checked ? words.studio.fine : words.studio.checking}</span>
        )}
        <span className={`notice ${notice?.kind ?? ""}`} role="status">
          {notice?.text ?? (readOnly === null ? "" : words.studio.readOnly(readOnly))}
        </span>
        {notice && (
          <Button
            variant="inline-icon"
            iconName="close"
            ariaLabel={words.studio.dismiss}
            onClick={() => session.say(null)}
          />
        )}
      </div>
    </footer>
  );
}
