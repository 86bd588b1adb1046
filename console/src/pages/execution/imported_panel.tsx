import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Event } from "../../api/generated/console";
import { ChangesView } from "../../data/changes_view";
import { JsonView } from "../../data/json_view";
import type { Told } from "../../execution/import_history";
import type { Visit } from "../../execution/visits";
import { Tabs } from "../../shell/tabs";
import { words } from "../../words";
import { exactly } from "../../words/time";
import { Facts, Pager } from "./visit_panel";

interface Props {
  visit: Told;
  /** All of the same state. */
  all: readonly Told[];
  onVisit: (visit: Visit) => void;
  onClose: () => void;
}

/** A visit as far as its history shows it. */
export function ImportedVisit({ visit, all, onVisit, onClose }: Props) {
  const { path, type, input, output, cause } = visit;
  const [part, choose] = useState("input");
  const tabs = [
    { id: "input", label: words.visit.input, content: <Data text={input} label={words.visit.input} /> },
    { id: "output", label: words.visit.output, content: <Data text={output} label={words.visit.output} /> },
  ];
  if (input !== null && output !== null) {
    const content = <ChangesView before={input} after={output} />;
    tabs.push({ id: "changes", label: words.visit.changes, content });
  }
  return (
    <div className="panel">
      <Top title={path} said={type} onClose={onClose} />
      {all.length > 1 && <Pager visits={all} visit={visit} onVisit={onVisit} />}
      <Facts visit={visit} />
      {cause && <pre className="cause">{cause}</pre>}
      <Tabs label={words.visit.label} tabs={tabs} chosen={part} onChoose={choose} />
    </div>
  );
}

const Data = ({ text, label }: { text: string | null; label: string }) =>
  text === null ? <p>{words.visit.noOutput}</p> : <JsonView text={text} label={label} />;

/** One event, whole, whatever it is. */
export function ImportedEvent({ event, onClose }: { event: Event; onClose: () => void }) {
  const name = words.events.event(event.id);
  return (
    <div className="panel">
      <Top title={event.type} said={`${name} · ${exactly(event.timestamp)}`} onClose={onClose} />
      <JsonView text={JSON.stringify(event)} label={name} />
    </div>
  );
}

const Top = ({ title, said, onClose }: { title: string; said: string; onClose: () => void }) => (
  <div className="top">
    <h2>
      {title}
      <small>{said}</small>
    </h2>
    <Button variant="icon" iconName="close" ariaLabel={words.visit.close} onClick={onClose} />
  </div>
);
