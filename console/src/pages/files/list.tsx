import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { files } from "../../api/studio";
import { filePath } from "../../paths";
import { useFollow } from "../../shell/anchor";
import { Broken } from "../../shell/broken";
import { Empty } from "../../shell/empty";
import { useHere } from "../../shell/here";
import { Moment } from "../../shell/moment";
import { useTitle } from "../../shell/title";
import { words } from "../../words";
import { size } from "../../words/time";

/** The definitions of the folder that this server was given to edit. */
export function FileListPage() {
  useTitle(words.pages.files);
  const { namespace } = useHere();
  const follow = useFollow();
  const [wanted, want] = useState("");
  const { data, error, isPending } = useQuery(files);
  if (error && !data) return <Broken error={error} />;
  const found = (data?.files ?? []).filter(({ path }) => path.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <div className="page">
      <Table
        items={found}
        trackBy="path"
        loading={isPending}
        loadingText={words.broken.loading}
        ariaLabels={{ tableLabel: words.pages.files }}
        header={
          <Header
            variant="h1"
            {...(data ? { counter: `(${data.files.length})`, description: words.files.text(data.folder) } : {})}
          >
            {words.pages.files}
          </Header>
        }
        filter={
          <TextFilter
            filteringText={wanted}
            filteringPlaceholder={words.files.find}
            filteringAriaLabel={words.files.find}
            onChange={({ detail }) => want(detail.filteringText)}
            {...(wanted ? { countText: words.files.count(found.length) } : {})}
          />
        }
        columnDefinitions={[
          {
            id: "path",
            header: words.files.name,
            isRowHeader: true,
            cell: ({ path }) => (
              <Link href={filePath(namespace, path)} onFollow={follow}>
                {path}
              </Link>
            ),
          },
          { id: "size", header: words.files.size, cell: ({ bytes }) => size(bytes) },
          { id: "modified", header: words.files.modified, cell: ({ modified }) => <Moment at={modified} /> },
        ]}
        empty={
          wanted ? <Box>{words.files.noMatch}</Box> : <Empty title={words.files.none} text={words.files.noneText} />
        }
      />
    </div>
  );
}
