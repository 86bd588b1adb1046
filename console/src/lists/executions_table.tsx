import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header, { type HeaderProps } from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { executionOf } from "../api/arns";
import { executionCounts, executions, type Wanted } from "../api/executions";
import type { ExecutionRow } from "../api/generated/console";
import { executionPath, machinePath } from "../paths";
import { useFollow } from "../shell/anchor";
import { Broken } from "../shell/broken";
import { Empty } from "../shell/empty";
import { Duration, Moment } from "../shell/moment";
import { Status } from "../shell/status";
import { words } from "../words";
import { StatusChoice } from "./status_choice";

interface Props {
  wanted: Wanted;
  /** `undefined`: any status. */
  onStatus: (status: string | undefined) => void;
  variant?: HeaderProps.Variant;
}

/** Executions, those started last first: of one state machine, or of all. */
export function ExecutionsTable({ wanted, onStatus, variant = "h2" }: Props) {
  const [name, search] = useState("");
  const asked = { ...wanted, name: name.trim() || undefined };
  const query = useInfiniteQuery(executions(asked));
  const { data: counts } = useQuery(executionCounts(asked));
  const columns = useColumns(wanted);
  if (query.error && !query.data) return <Broken error={query.error} />;
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const isNarrowed = Boolean(wanted.status || asked.name);
  return (
    <Table
      items={rows}
      trackBy="arn"
      loading={query.isPending}
      loadingText={words.broken.loading}
      ariaLabels={{ tableLabel: words.pages.executions }}
      header={<Header variant={variant}>{words.pages.executions}</Header>}
      filter={
        <div className="filters">
          <StatusChoice counts={counts} status={wanted.status} onStatus={onStatus} />
          <TextFilter
            filteringText={name}
            filteringPlaceholder={words.executions.find}
            filteringAriaLabel={words.executions.find}
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
      footer={
        query.hasNextPage && (
          <Box textAlign="center">
            <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {words.executions.more}
            </Button>
          </Box>
        )
      }
    />
  );
}

function useColumns({ namespace, machine }: Wanted): TableProps.ColumnDefinition<ExecutionRow>[] {
  const follow = useFollow();
  const ofMachine: TableProps.ColumnDefinition<ExecutionRow>[] = [
    {
      id: "machine",
      header: words.executions.machine,
      cell: ({ arn }) => (
        <Link href={machinePath(namespace, executionOf(arn).machine)} onFollow={follow}>
          {executionOf(arn).machine}
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
        <Link href={executionPath(namespace, executionOf(arn).machine, name)} onFollow={follow}>
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
