import Button from "@cloudscape-design/components/button";
import { type ReactNode, useMemo, useState } from "react";
import type { Event } from "../../api/generated/console";
import { Canvas } from "../../canvas/canvas";
import type { Arranging } from "../../execution/arranging";
import { statusOf } from "../../execution/history_file";
import { type Told, tallied, visitsOf } from "../../execution/import_history";
import { taken } from "../../execution/visits";
import { graphOf } from "../../graph/of_definition";
import { Rows } from "../../lists/rows";
import { Choices } from "../../shell/choices";
import { Duration, Moment } from "../../shell/moment";
import { Status } from "../../shell/status";
import { words } from "../../words";
import { columnsOfEvents } from "./events_view";
import { ImportedEvent, ImportedVisit } from "./imported_panel";
import type { View } from "./search";
import { NothingChosen } from "./visit_panel";
import { VisitsTable } from "./visits_table";
import "./viewer.css";
import "./imported.css";

/** `name`: of the file. */
export interface Loaded {
  name: string;
  events: Event[];
}

interface ViewerProps {
  history: Loaded;
  definition: unknown;
  onClose: () => void;
  children: ReactNode;
}

/** What a history says of its execution, in the views that all executions have. `children`: the way to other files. */
export function ImportedViewer({ history: { name, events }, definition, onClose, children }: ViewerProps) {
  const [wanted, view] = useState<View | null>(null);
  const [arranging, arrange] = useState<Arranging>({});
  const [chosen, choose] = useState<{ state?: string; visit?: number; event?: number }>({});
  const visits = useMemo(() => visitsOf(events, definition), [events, definition]);
  const tallies = useMemo(() => tallied(visits), [visits]);
  const ways = useMemo(() => taken(visits), [visits]);
  const graph = useMemo(() => graphOf(definition), [definition]);
  const hasGraph = graph.nodes.length > 0;
  const shown = wanted ?? (hasGraph ? "graph" : "table");
  const started = events[0]?.timestamp ?? 0;
  const status = statusOf(events);
  const options: View[] = (["graph", "table", "events"] as const).filter((each) => each !== "graph" || hasGraph);
  const ofState = visits.filter(({ pointer }) => pointer === chosen.state);
  const visit = ofState.find(({ id }) => id === chosen.visit) ?? ofState.at(-1);
  const event = chosen.event === undefined ? undefined : events[chosen.event];
  const chooseVisit = ({ pointer, id }: Pick<Told, "pointer" | "id">) => choose({ state: pointer, visit: id });
  return (
    <div className="viewer">
      <header className="viewer-header">
        <div className="title">
          <span className="up">{words.imported.title}</span>
          <h1>{name}</h1>
        </div>
        <dl>
          <div>
            <dt>{words.viewer.status}</dt>
            <dd>
              <Status of={status} />
            </dd>
          </div>
          <div>
            <dt>{words.viewer.duration}</dt>
            <dd>
              <Duration from={started} to={events.at(-1)?.timestamp ?? started} />
            </dd>
          </div>
          <div>
            <dt>{words.viewer.started}</dt>
            <dd>
              <Moment at={started} />
            </dd>
          </div>
        </dl>
        <Button onClick={onClose}>{words.imported.another}</Button>
      </header>
      <div className="imported-notice">
        <p>{words.imported.inferred}</p>
        {!hasGraph && <p>{words.imported.noGraph}</p>}
        {children}
      </div>
      <div className="stage">
        <section className="views">
          <div className="switch">
            <Choices label={words.viewer.views} of={options} chosen={shown} said={words.viewer} onChoose={view} />
          </div>
          <div className="view">
            {shown === "graph" && (
              <Canvas
                graph={graph}
                tallies={tallies}
                taken={ways}
                selected={chosen.state ?? null}
                onSelect={(state) => choose(state === null ? {} : { state })}
              />
            )}
            {shown === "table" && (
              <VisitsTable
                visits={visits}
                started={started}
                selected={visit?.id}
                onSelect={chooseVisit}
                more={null}
                arranging={arranging}
                onArrange={(change) => arrange((before) => ({ ...before, ...change }))}
              />
            )}
            {shown === "events" && (
              <div className="listing">
                <Rows
                  label={words.events.label}
                  count={events.length}
                  columns={columnsOfEvents(started)}
                  rowAt={(index) => events[index]}
                  chosen={chosen.event ?? -1}
                  onChoose={(index) => choose({ event: index })}
                  empty={words.events.none}
                />
              </div>
            )}
          </div>
        </section>
        <aside className="aside-panel" aria-label={words.visit.label}>
          {event ? (
            <ImportedEvent event={event} onClose={() => choose({})} />
          ) : visit ? (
            <ImportedVisit visit={visit} all={ofState} onVisit={chooseVisit} onClose={() => choose({})} />
          ) : (
            <NothingChosen />
          )}
        </aside>
      </div>
    </div>
  );
}
