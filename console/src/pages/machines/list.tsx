import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { machines } from "../../api/machines";
import { More } from "../../lists/more";
import { blueprintsPath } from "../../paths";
import { useFollow } from "../../shell/anchor";
import { Broken } from "../../shell/broken";
import { Empty } from "../../shell/empty";
import { useHere, usePathOf } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { useTitle } from "../../shell/title";
import { words } from "../../words";

export function MachineList() {
  useTitle(words.pages.machines);
  const { namespace } = useHere();
  const follow = useFollow();
  const pathOf = usePathOf();
  const [wanted, want] = useState("");
  const query = useInfiniteQuery(machines(namespace));
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    // What is looked for may be on a page that was not asked for yet.
    if (wanted && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [wanted, hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (error && !data) return <Broken error={error} />;
  const all = data?.pages.flatMap((page) => page.stateMachines) ?? [];
  const found = all.filter((each) => each.name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <div className="page">
      <Table
        items={found}
        trackBy="stateMachineArn"
        loading={isPending}
        loadingText={words.broken.loading}
        ariaLabels={{ tableLabel: words.pages.machines }}
        header={
          <Header
            variant="h1"
            actions={
              <Button href={blueprintsPath()} onFollow={follow}>
                {words.studio.create}
              </Button>
            }
            {...(data ? { counter: `(${all.length}${hasNextPage ? "+" : ""})` } : {})}
          >
            {words.pages.machines}
          </Header>
        }
        filter={
          <TextFilter
            filteringText={wanted}
            filteringPlaceholder={words.machines.find}
            filteringAriaLabel={words.machines.find}
            onChange={({ detail }) => want(detail.filteringText)}
            {...(wanted ? { countText: words.machines.count(found.length) } : {})}
          />
        }
        columnDefinitions={[
          {
            id: "name",
            header: words.machines.name,
            isRowHeader: true,
            cell: ({ name, stateMachineArn }) => (
              <Link href={pathOf(stateMachineArn)} onFollow={follow}>
                {name}
              </Link>
            ),
          },
          { id: "type", header: words.machines.type, cell: ({ type }) => words.types[type] ?? type },
          {
            id: "created",
            header: words.machines.created,
            cell: ({ creationDate }) => <Moment at={creationDate * 1000} />,
          },
        ]}
        empty={
          wanted ? (
            <Box>{words.machines.noMatch}</Box>
          ) : (
            <Empty title={words.machines.none} text={words.machines.noneText} />
          )
        }
        footer={query.hasNextPage && <More of={query} />}
      />
    </div>
  );
}
