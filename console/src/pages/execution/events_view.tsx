import { useCallback, useMemo, useState } from "react";
import type { Event } from "../../api/generated/console";
import { useEvents } from "../../api/history";
import { isFailure, stateOf, summaryOf } from "../../execution/events";
import { type Column, Rows } from "../../lists/rows";
import { words } from "../../words";
import { duration } from "../../words/time";

interface Props {
  execution: string;
  /** Id of the newest; ids begin with 1 and have no gaps. */
  newest: number;
  /** When the execution was. */
  started: number;
  selected: number | undefined;
  onSelect: (event: number) => void;
}

/** The history. Only what is in sight is fetched, however long it is. */
export function EventsView({ execution, newest, started, selected, onSelect }: Props) {
  const [sight, look] = useState({ first: 0, last: 0 });
  const events = useEvents(execution, sight.first + 1, sight.last + 1, newest);
  const columns = useMemo(() => columnsOfEvents(started), [started]);
  const seen = useCallback((first: number, last: number) => look({ first, last }), []);
  return (
    <div className="listing">
      <Rows
        label={words.events.label}
        count={newest}
        columns={columns}
        rowAt={(index) => events.get(index + 1)}
        chosen={selected === undefined ? -1 : selected - 1}
        onChoose={(index) => onSelect(index + 1)}
        onSight={seen}
        empty={words.events.none}
      />
    </div>
  );
}

export const columnsOfEvents = (started: number): Column<Event>[] => [
  {
    header: words.events.type,
    width: "minmax(190px, 2fr)",
    cell: ({ type }) => <span className={isFailure(type) ? "error" : ""}>{type}</span>,
  },
  { header: words.events.id, width: "56px", cell: ({ id }) => id },
  { header: words.events.after, width: "84px", cell: ({ timestamp }) => `+${duration(timestamp - started)}` },
  { header: words.events.state, width: "minmax(110px, 1.5fr)", cell: stateOf },
  {
    header: words.events.details,
    width: "minmax(120px, 3fr)",
    cell: (event) => <span className="within">{summaryOf(event)}</span>,
  },
];
