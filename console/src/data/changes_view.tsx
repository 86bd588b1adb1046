import Box from "@cloudscape-design/components/box";
import { useMemo } from "react";
import { type Change, changes } from "../execution/changes";
import { words } from "../words";
import "./data.css";

const MOST = 200;
const SIGNS: Record<Change["how"], string> = { added: "+", removed: "−", changed: "~" };

interface Props {
  before: string;
  after: string;
  /** What is said where nothing has changed. */
  same?: string;
}

/** What came out that did not go in. */
export function ChangesView({ before, after, same = words.visit.same }: Props) {
  const told = useMemo(() => changes(before, after, MOST), [before, after]);
  if (!told) return null;
  if (told.all === 0) return <Box color="text-body-secondary">{same}</Box>;
  return (
    <>
      <ul className="changes" aria-label={words.visit.changes}>
        {told.found.map((change) => (
          <li key={change.path} className={change.how}>
            <span className="sign" aria-hidden="true">
              {SIGNS[change.how]}
            </span>
            <span className="unseen">{words.visit[change.how]}</span>
            <code className="path">{change.path}</code>
            <span className="values">
              {change.before !== null && <del>{change.before}</del>}
              {change.after !== null && <ins>{change.after}</ins>}
            </span>
          </li>
        ))}
      </ul>
      {told.all > told.found.length && (
        <Box color="text-body-secondary">{words.visit.moreChanges(told.all - told.found.length)}</Box>
      )}
    </>
  );
}
