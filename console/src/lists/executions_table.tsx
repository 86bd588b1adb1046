import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header, { type HeaderProps } from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import Table from "@cloudscape-design/components/table";
import { useInfiniteQuery } from "@tanstack/react-query";
import { executionsOf } from "../api/executions";
import { Broken } from "../shell/broken";
import { Empty } from "../shell/empty";
import { Duration, Moment } from "../shell/moment";
import { Status } from "../shell/status";
import { words } from "../words";

const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];
const ANY = { value: "", label: words.executions.any };
const OPTIONS = [ANY, ...STATUSES.map((value) => ({ value, label: words.status[value] ?? value }))];

interface Props {
  machine: string;
  status: string | undefined;
  onStatus: (status: string | undefined) => void;
  variant?: HeaderProps.Variant;
}

/** The executions of one state machine, newest first. */
export function ExecutionsTable({ machine, status, onStatus, variant = "h2" }: Props) {
  const query = useInfiniteQuery(executionsOf(machine, status));
  if (query.error && !query.data) return <Broken error={query.error} />;
  const rows = query.data?.pages.flatMap((page) => page.executions) ?? [];
  return (
    <Table
      items={rows}
      trackBy="executionArn"
      loading={query.isPending}
      loadingText={words.broken.loading}
      ariaLabels={{ tableLabel: words.pages.executions }}
      header={<Header variant={variant}>{words.pages.executions}</Header>}
      filter={
        <Select
          selectedOption={OPTIONS.find(({ value }) => value === status) ?? ANY}
          options={OPTIONS}
          ariaLabel={words.executions.filter}
          onChange={({ detail }) => onStatus(detail.selectedOption.value || undefined)}
        />
      }
      columnDefinitions={[
        {
          id: "name",
          header: words.executions.name,
          isRowHeader: true,
          cell: (row) => row.name,
        },
        { id: "status", header: words.executions.status, cell: (row) => <Status of={row.status} /> },
        { id: "started", header: words.executions.started, cell: (row) => <Moment at={row.startDate * 1000} /> },
        {
          id: "duration",
          header: words.executions.duration,
          cell: (row) => (
            <Duration from={row.startDate * 1000} to={row.stopDate === undefined ? null : row.stopDate * 1000} />
          ),
        },
      ]}
      empty={
        status ? (
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
