/** What the page of an execution asks for, asked for while the page is still being fetched. */
import { executionArn } from "./api/arns";
import { definitionOf, execution } from "./api/executions";
import { queries } from "./api/queries";
import { me } from "./api/session";
import { talliesOf } from "./api/visits";
import { BASE } from "./paths";
import { hereOf } from "./shell/tenants";

/** Whatever fails is asked for again by the page, which says so. */
export const askAhead = (pathname: string): Promise<void> => ask(pathname).catch(() => undefined);

async function ask(pathname: string): Promise<void> {
  const parts = pathname.slice(BASE.length + 1).split("/");
  const [namespace = "", , machine = "", name = ""] = parts.map(decodeURIComponent);
  const who = await queries.fetchQuery(me);
  if (who.person === null) return;
  const arn = executionArn(hereOf(who, namespace).place, machine, name);
  const tallies = queries.prefetchQuery(talliesOf(arn, "live"));
  const { revision } = await queries.fetchQuery(execution(arn, "live"));
  await queries.prefetchQuery(definitionOf(arn, revision));
  await tallies;
}
