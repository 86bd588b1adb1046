/** Which address shows which page. Each page is a chunk of its own; what a page shows is in its address. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { readDashboardSearch } from "./pages/dashboard/search";
import { readViewerSearch } from "./pages/execution/search";
import { readExecutionsSearch } from "./pages/executions/search";
import { readFileSearch } from "./pages/files/search";
import { readMachineSearch } from "./pages/machines/search";
import { readMapRunSearch } from "./pages/map_run/search";
import { readEditSearch, readNewSearch } from "./pages/studio/search";
import { readVersionSearch } from "./pages/version/search";
import { BASE } from "./paths";
import { Broken, Missing } from "./shell/broken";
import { Home } from "./shell/home";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Missing, errorComponent: Broken });

const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });

const start = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/start",
  component: lazyRouteComponent(() => import("./pages/start/start"), "Start"),
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

const version = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/machines/$machine/versions/$version",
  validateSearch: readVersionSearch,
  component: lazyRouteComponent(() => import("./pages/version/version"), "VersionPage"),
});

const edit = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/machines/$machine/edit",
  validateSearch: readEditSearch,
  component: lazyRouteComponent(() => import("./pages/studio/machine"), "EditMachine"),
});

const create = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/new",
  validateSearch: readNewSearch,
  component: lazyRouteComponent(() => import("./pages/studio/new"), "NewMachine"),
});

const blueprints = createRoute({
  getParentRoute: () => root,
  path: "/blueprints",
  validateSearch: readNewSearch,
  component: lazyRouteComponent(() => import("./pages/blueprints/gallery"), "Gallery"),
});

const files = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/files",
  component: lazyRouteComponent(() => import("./pages/files/list"), "FileListPage"),
});

const file = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/files/edit",
  validateSearch: readFileSearch,
  component: lazyRouteComponent(() => import("./pages/studio/file"), "EditFile"),
});

const executions = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/executions",
  validateSearch: readExecutionsSearch,
  component: lazyRouteComponent(() => import("./pages/executions/list"), "ExecutionList"),
});

const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/dashboard",
  validateSearch: readDashboardSearch,
  component: lazyRouteComponent(() => import("./pages/dashboard/dashboard"), "Dashboard"),
});

const activities = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/activities",
  component: lazyRouteComponent(() => import("./pages/activities/list"), "ActivityList"),
});

const execution = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/executions/$machine/$name",
  validateSearch: readViewerSearch,
  component: lazyRouteComponent(() => import("./pages/execution/viewer"), "Viewer"),
});

const mapRun = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/executions/$machine/$name/map-runs/$run",
  validateSearch: readMapRunSearch,
  component: lazyRouteComponent(() => import("./pages/map_run/map_run"), "MapRunPage"),
});

const imported = createRoute({
  getParentRoute: () => root,
  path: "/$namespace/imported",
  component: lazyRouteComponent(() => import("./pages/execution/imported"), "Imported"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    start,
    machines,
    machine,
    version,
    edit,
    create,
    blueprints,
    files,
    file,
    executions,
    dashboard,
    activities,
    execution,
    mapRun,
    imported,
  ]),
  basepath: BASE,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Missing,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
