import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useCallback, useMemo, useState } from "react";
import { type Arranging, arranged, next, type SortKey } from "../../execution/arranging";
import { STANDINGS, type Visit } from "../../execution/visits";
import { type Column, Rows } from "../../lists/rows";
import { Choice } from "../../lists/status_choice";
import { Duration } from "../../shell/moment";
import { OutcomeStatus } from "../../shell/status";
import { words } from "../../words";
import { duration } from "../../words/time";
import { columnsKept, keepColumns, OPTIONAL } from "./columns";
import "./visits_table.css";

interface Props {
  visits: readonly Visit[];
  /** When the execution was. */
  started: number;
  selected: number | undefined;
  onSelect: (visit: Visit) => void;
  /** Fetches those that follow; null: there are no more. */
  more: (() => void) | null;
  arranging: Arranging;
  onArrange: (change: Arranging) => void;
}

/** A row for each time that a state was entered. */
export function VisitsTable({ visits, started, selected, onSelect, more, arranging, onArrange }: Props) {
  const { find, standing, sort } = arranging;
  const [kept, keep] = useState(columnsKept);
  const found = useMemo(() => arranged(visits, { find, standing, sort }, Date.now()), [visits, find, standing, sort]);
  const here = useMemo(() => new Set(visits.map(({ outcome }) => outcome ?? "Running")), [visits]);
  const columns = useMemo(
    () =>
      columnsFrom(started)
        .filter(({ id }) => id === "state" || kept.includes(id))
        .map((column) => headed(column, sort, (to) => onArrange({ sort: to }))),
    [started, kept, sort, onArrange],
  );
  const seen = useCallback(
    (_first: number, last: number) => {
      if (last >= found.length - 1) more?.();
    },
    [found.length, more],
  );
  return (
    <div className="listing visits">
      <div className="tools">
        <TextFilter
          filteringText={find ?? ""}
          filteringPlaceholder={words.table.find}
          filteringAriaLabel={words.table.find}
          onChange={({ detail }) => onArrange({ find: detail.filteringText || undefined })}
        />
        <fieldset className="statuses">
          <legend className="unseen">{words.table.status}</legend>
          {STANDINGS.filter((each) => here.has(each) || each === standing).map((each) => (
            <Choice
              key={each}
              tone={each}
              isChosen={each === standing}
              onChoose={() => onArrange({ standing: each === standing ? undefined : each })}
              text={words.outcomes[each] ?? each}
            />
          ))}
        </fieldset>
        <span className="counted">{words.table.showing(found.length, visits.length)}</span>
        <ButtonDropdown
          variant="icon"
          ariaLabel={words.table.columns}
          items={OPTIONAL.map((id) => ({
            id,
            text: words.table[id],
            itemType: "checkbox" as const,
            checked: kept.includes(id),
          }))}
          onItemClick={({ detail: { id, checked } }) => keep(keepColumns(id, checked === true))}
        />
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

type Named = Column<Visit> & { id: "state" | (typeof OPTIONAL)[number]; key?: SortKey };

const columnsFrom = (started: number): Named[] => [
  {
    id: "state",
    key: "state",
    header: words.table.state,
    width: "minmax(180px, 3fr)",
    cell: ({ path }) => <Path of={path} />,
  },
  { id: "type", header: words.table.type, width: "84px", cell: ({ type }) => type },
  {
    id: "status",
    key: "status",
    header: words.table.status,
    width: "116px",
    cell: ({ outcome }) => <OutcomeStatus of={outcome} />,
  },
  { id: "attempts", key: "attempts", header: words.table.attempts, width: "88px", cell: ({ attempts }) => attempts },
  {
    id: "started",
    key: "started",
    header: words.table.started,
    width: "92px",
    cell: (visit) => `+${duration(visit.started - started)}`,
  },
  {
    id: "took",
    key: "took",
    header: words.table.took,
    width: "92px",
    cell: (visit) => <Duration from={visit.started} to={visit.ended} />,
  },
  {
    id: "error",
    header: words.table.error,
    width: "minmax(90px, 2fr)",
    cell: ({ error }) => <span className="error">{error}</span>,
  },
];

/** With a head that sorts by it. */
function headed(column: Named, sort: Arranging["sort"], onSort: (sort: Arranging["sort"]) => void): Column<Visit> {
  const { key, header } = column;
  if (!key) return column;
  const sign = sort === key ? " ▲" : sort === `-${key}` ? " ▼" : "";
  return {
    ...column,
    sorted: sort === key ? "ascending" : sort === `-${key}` ? "descending" : "none",
    head: (
      <button type="button" className="sorts" onClick={() => onSort(next(key, sort))}>
        {header}
        <span aria-hidden="true">{sign}</span>
      </button>
    ),
  };
}

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
