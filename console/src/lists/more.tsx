import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { words } from "../words";

/** Of a query by pages. */
interface Pages {
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** The way to the next page, below those that are shown. */
export const More = ({ of }: { of: Pages }) => (
  <Box textAlign="center">
    <Button loading={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
      {words.executions.more}
    </Button>
  </Box>
);
