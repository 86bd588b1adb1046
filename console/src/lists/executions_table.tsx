import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header, { type HeaderProps } from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { SeveralActs } from "../acts/several_acts";
import { nameOf } from "../api/arns";
import { executionCounts, executions, type Wanted, watchOf } from "../api/executions";
import type { ExecutionRow } from "../api/generated/console";
import { useStream } from "../api/live";
import { hearingRows } from "../api/live_rows";
import { me } from "../api/session";
import { useFollow } from "../shell/anchor";
import { Broken } from "../shell/broken";
import { Empty } from "../shell/empty";
import { usePathOf } from "../shell/here";
import { Duration, Moment } from "../shell/moment";
import { Status } from "../shell/status";
import { words } from "../words";
import { More } from "./more";
import { NarrowChoice, type Narrower } from "./narrow";
import { StatusChoice } from "./status_choice";

interface Props {
  wanted: Wanted;
  /** `undefined`: any status. */
  onStatus: (status: string | undefined) => void;
  /** Without it they are not narrowed by anything but status and name. */
  onNarrow?: (to: Narrower) => void;
  /** Beside the ways to narrow it. */
  views?: ReactNode;
  variant?: HeaderProps.Variant;
}

/** Executions, those started last first: of one state machine, or of all. */
export function ExecutionsTable({ wanted, onStatus, onNarrow, views, variant = "h2" }: Props) {
  const [name, search] = useState("");
  /** ARNs of those that something is to be done to; null: they are only looked at. */
  const [several, choose] = useState<ReadonlySet<string> | null>(null);
  const { features } = useSuspenseQuery(me).data;
  const typed = name.trim();
  // No name of an object has this sign.
  const isLabel = features.labels === true && typed.includes("=");
  const asked = isLabel
    ? { ...wanted, label: [...(wanted.label ?? []), typed] }
    : { ...wanted, name: typed || undefined };
  const link = useStream(watchOf(asked), hearingRows);
  const query = useInfiniteQuery(executions(asked, link));
  const { data: counts } = useQuery(executionCounts(asked, link));
  const columns = useColumns(wanted);
  if (query.error && !query.data) return <Broken error={query.error} />;
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const find = features.labels ? words.executions.findOrLabel : words.executions.find;
  const isNarrowed = Boolean(wanted.status || typed || wanted.error !== undefined || wanted.from || wanted.label);
  const chosen = rows.filter(({ arn }) => several?.has(arn));
  const choosing: Pick<TableProps<ExecutionRow>, "selectionType" | "selectedItems" | "onSelectionChange"> = several
    ? {
        selectionType: "multi",
        selectedItems: chosen,
        onSelectionChange: ({ detail }) => choose(new Set(detail.selectedItems.map(({ arn }) => arn))),
      }
    : {};
  return (
    <Table
      items={rows}
      trackBy="arn"
      loading={query.isPending}
      loadingText={words.broken.loading}
      ariaLabels={{
        tableLabel: words.pages.executions,
        selectionGroupLabel: words.several.group,
        allItemsSelectionLabel: () => words.several.all,
        itemSelectionLabel: (_, row) => words.several.one(row.name),
      }}
      {...choosing}
      header={
        <Header
          variant={variant}
          actions={<Several of={several && chosen} canBegin={rows.length > 0} onChoose={choose} />}
        >
          {words.pages.executions}
        </Header>
      }
      filter={
        <div className="filters">
          <StatusChoice counts={counts} status={wanted.status} onStatus={onStatus} />
          {onNarrow && rows.length > 0 && (
            <NarrowChoice errors={counts?.errors ?? []} labels={labelsOf(rows)} onNarrow={onNarrow} />
          )}
          {views}
          <TextFilter
            filteringText={name}
            filteringPlaceholder={find}
            filteringAriaLabel={find}
            onChange={({ detail }) => search(detail.filteringText)}
          />
        </div>
      }
      columnDefinitions={columns}
      empty={
        isNarrowed ? (
          <Box>{words.executions.noMatch}</Box>
        ) : (
          <Empty title={words.executions.none} text={words.executions.noneText} />
        )
      }
      footer={query.hasNextPage && <More of={query} />}
    />
  );
}

const MOST_LABELS = 15;

/** The most frequent ones. */
function labelsOf(rows: readonly ExecutionRow[]): string[] {
  const counts = new Map<string, number>();
  for (const label of rows.flatMap(({ labels = [] }) => labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
    .slice(0, MOST_LABELS)
    .map(([label]) => label);
}

interface SeveralProps {
  of: readonly ExecutionRow[] | null;
  canBegin: boolean;
  onChoose: (arns: ReadonlySet<string> | null) => void;
}

/** Whoever only looks is not shown boxes to tick. */
function Several({ of, canBegin, onChoose }: SeveralProps) {
  if (of) return <SeveralActs rows={of} onEnd={() => onChoose(null)} />;
  return canBegin && <Button onClick={() => onChoose(new Set())}>{words.several.begin}</Button>;
}

function useColumns({ machine }: Wanted): TableProps.ColumnDefinition<ExecutionRow>[] {
  const follow = useFollow();
  const pathOf = usePathOf();
  const ofMachine: TableProps.ColumnDefinition<ExecutionRow>[] = [
    {
      id: "machine",
      header: words.executions.machine,
      cell: ({ machine: arn }) => (
        <Link href={pathOf(arn)} onFollow={follow}>
          {nameOf(arn)}
        </Link>
      ),
    },
  ];
  return [
    {
      id: "name",
      header: words.executions.name,
      isRowHeader: true,
      cell: ({ arn, name }) => (
        <Link href={pathOf(arn)} onFollow={follow}>
          {name}
        </Link>
      ),
    },
    ...(machine ? [] : ofMachine),
    { id: "status", header: words.executions.status, cell: ({ status }) => <Status of={status} /> },
    {
      id: "where",
      header: words.executions.where,
      cell: ({ status, paths = [], error }) => (status === "RUNNING" ? paths.join(", ") : <code>{error ?? ""}</code>),
    },
    { id: "started", header: words.executions.started, cell: ({ started }) => <Moment at={started} /> },
    {
      id: "duration",
      header: words.executions.duration,
      cell: ({ started, stopped }) => <Duration from={started} to={stopped ?? null} />,
    },
  ];
}
