/** A whole history, as AWS's GetExecutionHistory has it, page by page. */
import { perform } from "./client";

const PAGE = 1000;

interface HistoryPage {
  events: { id: number }[];
  nextToken?: string;
}

/**
 * The pieces of a text in JSON: `{"events": [...]}`, all payloads in it. `tell` hears the id of the newest event that is there.
 * Raises ApiFailure, and what `signal` was aborted with.
 */
export async function exported(
  executionArn: string,
  tell: (newest: number) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const pieces = ['{\n"events": ['];
  let token: string | undefined;
  do {
    const asked = { executionArn, maxResults: PAGE, ...(token === undefined ? {} : { nextToken: token }) };
    const page = await perform<HistoryPage>("GetExecutionHistory", asked, signal);
    for (const event of page.events) pieces.push(pieces.length > 1 ? ",\n" : "\n", JSON.stringify(event));
    tell(page.events.at(-1)?.id ?? 0);
    token = page.nextToken;
  } while (token !== undefined);
  return [...pieces, "\n]\n}\n"];
}
