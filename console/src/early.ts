/** What takes long and waits for nothing else begins before the libraries do, which take a while to run: imported first. */
import { warm } from "./canvas/engine";

/** Pages with a graph: of a state machine, an execution, a blueprint, in Studio. */
const WITH_GRAPH = /\/(machines|executions)\/[^/]|\/(new|edit|imported|blueprints)$/;

if (WITH_GRAPH.test(location.pathname)) warm();
