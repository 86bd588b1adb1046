/** Which address shows which page. Each page is a chunk of its own; what a page shows is in its address. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { queries } from "./api/queries";
import { me } from "./api/session";
import { readViewerSearch } from "./pages/execution/search";
import { readExecutionsSearch } from "./pages/executions/search";
import { readMachineSearch } from "./pages/machines/search";
import { BASE } from "./paths";
import { Broken, Missing } from "./shell/broken";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Missing, errorComponent: Broken });

const start = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async () => {
    const person = await queries.ensureQueryData(me);
    throw redirect({ to: "/$namespace/machines", params: { namespace: person.tenants[0]?.name ?? "default" } });
  },
});

const machines = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/machines",
  component: lazyRouteComponent(() => import("./pages/machines/list"), "MachineList"),
});

const machine = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/machines/$machine",
  validateSearch: readMachineSearch,
  component: lazyRouteComponent(() => import("./pages/machines/machine"), "MachinePage"),
});

const executions = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/executions",
  validateSearch: readExecutionsSearch,
  component: lazyRouteComponent(() => import("./pages/executions/list"), "ExecutionList"),
});

const execution = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/executions/$machine/$name",
  validateSearch: readViewerSearch,
  component: lazyRouteComponent(() => import("./pages/execution/viewer"), "Viewer"),
});

export const router = createRouter({
  routeTree: root.addChildren([start, machines, machine, executions, execution]),
  basepath: BASE,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Missing,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
