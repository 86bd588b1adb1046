import TextFilter from "@cloudscape-design/components/text-filter";
import { useCallback, useMemo, useState } from "react";
import type { Visit } from "../../execution/visits";
import { type Column, Rows } from "../../lists/rows";
import { Duration } from "../../shell/moment";
import { OutcomeStatus } from "../../shell/status";
import { words } from "../../words";
import { duration } from "../../words/time";

interface Props {
  visits: readonly Visit[];
  /** When the execution was. */
  started: number;
  selected: number | undefined;
  onSelect: (visit: Visit) => void;
  /** Fetches those that follow; null: there are no more. */
  more: (() => void) | null;
}

/** A row for each time that a state was entered. */
export function VisitsTable({ visits, started, selected, onSelect, more }: Props) {
  const [wanted, want] = useState("");
  const found = useMemo(() => {
    const text = wanted.trim().toLowerCase();
    return text ? visits.filter((visit) => visit.path.toLowerCase().includes(text)) : visits;
  }, [visits, wanted]);
  const columns = useMemo(() => columnsFrom(started), [started]);
  const seen = useCallback(
    (_first: number, last: number) => {
      if (last >= found.length - 1) more?.();
    },
    [found.length, more],
  );
  return (
    <div className="listing">
      <div className="tools">
        <TextFilter
          filteringText={wanted}
          filteringPlaceholder={words.table.find}
          filteringAriaLabel={words.table.find}
          onChange={({ detail }) => want(detail.filteringText)}
        />
        <span className="counted">{words.table.showing(found.length, visits.length)}</span>
      </div>
      <Rows
        label={words.table.label}
        count={found.length}
        columns={columns}
        rowAt={(index) => found[index]}
        chosen={found.findIndex(({ id }) => id === selected)}
        onChoose={(index) => {
          const visit = found[index];
          if (visit) onSelect(visit);
        }}
        onSight={seen}
        empty={visits.length ? words.table.noMatch : words.table.none}
      />
    </div>
  );
}

const columnsFrom = (started: number): Column<Visit>[] => [
  { header: words.table.state, width: "minmax(180px, 3fr)", cell: ({ path }) => <Path of={path} /> },
  { header: words.table.status, width: "116px", cell: ({ outcome }) => <OutcomeStatus of={outcome} /> },
  { header: words.table.attempts, width: "72px", cell: ({ attempts }) => attempts },
  { header: words.table.started, width: "92px", cell: (visit) => `+${duration(visit.started - started)}` },
  { header: words.table.took, width: "92px", cell: (visit) => <Duration from={visit.started} to={visit.ended} /> },
  {
    header: words.table.error,
    width: "minmax(90px, 2fr)",
    cell: ({ error }) => <span className="error">{error}</span>,
  },
];

/** The state's own name is what one looks for; what it is in stands before it. */
function Path({ of }: { of: string }) {
  const name = of.lastIndexOf("/") + 1;
  return (
    <>
      {name > 0 && <span className="within">{of.slice(0, name)}</span>}
      {of.slice(name)}
    </>
  );
}
