import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import type { IterationRow } from "../../api/generated/console";
import { firstFailed, iterations } from "../../api/iterations";
import { STANDINGS, type Standing, type Visit } from "../../execution/visits";
import { type Column, Rows } from "../../lists/rows";
import { Choice } from "../../lists/status_choice";
import { Duration } from "../../shell/moment";
import { OutcomeStatus } from "../../shell/status";
import { words } from "../../words";
import type { Change } from "./search";
import "./iterations.css";

interface Props {
  execution: string;
  /** Of a Map or a Parallel. */
  visit: Visit;
  /** The iteration that is looked at. */
  under: string | undefined;
  onShow: (change: Change) => void;
}

/** Those of a distributed Map are executions of their own. */
export function hasIterations({ type }: Visit, definition: string | null): boolean {
  return type === "Parallel" || (type === "Map" && !isDistributed(definition));
}

/** `definition`: of the state, as JSON. */
export function isDistributed(definition: string | null): boolean {
  const state = JSON.parse(definition ?? "null") as { ItemProcessor?: { ProcessorConfig?: { Mode?: unknown } } } | null;
  return state?.ItemProcessor?.ProcessorConfig?.Mode === "DISTRIBUTED";
}

/** Iterations of a Map, or branches of a Parallel: how many stand how, and the way to each. */
export function Iterations({ execution, visit, under, onShow }: Props) {
  const [standing, want] = useState<Standing>();
  const isRunning = visit.outcome === null;
  const asked = useInfiniteQuery(iterations(execution, visit.id, standing, isRunning));
  const { data: failed } = useQuery(firstFailed(execution, visit.id, isRunning));
  const { data, hasNextPage, isFetching, fetchNextPage } = asked;
  const rows = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data]);
  const counts = data?.pages.at(-1)?.counts ?? {};
  const all = STANDINGS.reduce((sum, each) => sum + (counts[each] ?? 0), 0);
  const look = (index: number) => onShow({ under: `${visit.path}[${index}]` });
  const seen = useCallback(
    (_first: number, last: number) => {
      if (last >= rows.length - 1 && hasNextPage && !isFetching) void fetchNextPage();
    },
    [rows.length, hasNextPage, isFetching, fetchNextPage],
  );
  return (
    <div className="iterations">
      <fieldset className="statuses">
        <legend className="unseen">{words.iterations.which}</legend>
        <Choice
          isChosen={standing === undefined}
          onChoose={() => want(undefined)}
          text={words.iterations.any}
          count={all}
        />
        {STANDINGS.filter((each) => counts[each] || each === standing).map((each) => (
          <Choice
            key={each}
            tone={each}
            isChosen={standing === each}
            onChoose={() => want(standing === each ? undefined : each)}
            text={words.outcomes[each] ?? each}
            count={counts[each] ?? 0}
          />
        ))}
      </fieldset>
      <div className="ways">
        {visit.type === "Map" && <Picker onPick={look} />}
        {failed && (
          <Button
            onClick={() => {
              const [index, , , , , , newest, pointer] = failed;
              onShow({ under: `${visit.path}[${index}]`, state: pointer, visit: newest });
            }}
          >
            {words.iterations.firstFailed}
          </Button>
        )}
      </div>
      <Rows
        label={visit.type === "Map" ? words.iterations.label : words.iterations.branches}
        count={standing === undefined ? Math.max(all, rows.length) : (counts[standing] ?? rows.length)}
        columns={COLUMNS}
        rowAt={(index) => rows[index]}
        chosen={rows.findIndex(([index]) => `${visit.path}[${index}]` === under)}
        onChoose={(place) => {
          const row = rows[place];
          if (row) look(row[0]);
        }}
        onSight={seen}
        empty={standing === undefined ? words.iterations.none : words.iterations.noMatch}
      />
    </div>
  );
}

/** One of ten thousand is not looked for by scrolling. */
function Picker({ onPick }: { onPick: (index: number) => void }) {
  const [text, write] = useState("");
  const index = Number(text);
  const isOne = text !== "" && Number.isSafeInteger(index) && index >= 0;
  return (
    <form
      className="picker"
      onSubmit={(event) => {
        event.preventDefault();
        if (isOne) onPick(index);
      }}
    >
      <Input
        type="number"
        inputMode="numeric"
        value={text}
        ariaLabel={words.iterations.goTo}
        placeholder={words.iterations.goTo}
        onChange={({ detail }) => write(detail.value)}
      />
      <Button formAction="submit" disabled={!isOne}>
        {words.iterations.go}
      </Button>
    </form>
  );
}

const COLUMNS: Column<IterationRow>[] = [
  { header: words.iterations.index, width: "64px", cell: ([index]) => index.toLocaleString("en") },
  {
    header: words.table.status,
    width: "112px",
    cell: ([, standing]) => <OutcomeStatus of={standing === "Running" ? null : standing} />,
  },
  { header: words.table.took, width: "80px", cell: ([, , started, ended]) => <Duration from={started} to={ended} /> },
  {
    header: words.table.error,
    width: "minmax(60px, 1fr)",
    cell: ([, , , , error]) => <span className="error">{error}</span>,
  },
];
