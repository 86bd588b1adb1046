/** What takes long and waits for nothing else begins before the libraries do, which take a while to run: imported first. */
import { queries } from "./api/queries";
import { me } from "./api/session";
import { warm } from "./canvas/engine";

/** Pages with a graph: of a state machine, an execution, a blueprint, in Studio. */
const WITH_GRAPH = /\/(machines|executions)\/[^/]|\/(new|edit|imported|blueprints)$/;
const VIEWER = /\/executions\/[^/]+\/[^/]+$/;

const { pathname } = location;
// Every page needs it, and most ask for nothing before they have it.
void queries.prefetchQuery(me);
if (VIEWER.test(pathname)) void import("./ahead").then(({ askAhead }) => askAhead(pathname));
if (WITH_GRAPH.test(pathname)) warm();
