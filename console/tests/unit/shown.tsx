/** Parts of the console as they stand on a page: with the queries and the address that they ask for. */
import { QueryClientProvider } from "@tanstack/react-query";
import {
  type AnyRouter,
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  type RouteComponent,
  RouterProvider,
} from "@tanstack/react-router";
import { cleanup, configure, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, vi } from "vitest";
import { queries } from "../../src/api/queries";
import { BASE } from "../../src/paths";
import { Broken } from "../../src/shell/broken";

/** A machine may be busy. */
configure({ asyncUtilTimeout: 20_000 });

/** Nothing that a test has shown, asked or put in another's place is there in the next. */
export function forgetAfterEach(): void {
  afterEach(() => {
    cleanup();
    queries.clear();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
}

export const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });

/** What the server says of Ana, who may look at one tenant. `rights`: hers there. */
export const ana = (rights: object = {}) => ({
  person: "ana",
  login: "token",
  token: "proof",
  tenants: [{ name: "shop", account: "111111111110", rights }],
  region: "here",
  features: {},
});

export const WithQueries = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={queries}>{children}</QueryClientProvider>
);

/** `address`: below the console's. `pages`: by their paths. `around`: all of them. */
export function visit(address: string, pages: Record<string, RouteComponent>, around?: RouteComponent): AnyRouter {
  const root = createRootRoute({ errorComponent: Broken, ...(around && { component: around }) });
  const routes = Object.entries(pages).map(([path, component]) =>
    createRoute({ getParentRoute: () => root, path, component }),
  );
  const router = createRouter({
    routeTree: root.addChildren(routes),
    basepath: BASE,
    history: createMemoryHistory({ initialEntries: [`${BASE}${address}`] }),
  });
  render(
    <WithQueries>
      <RouterProvider router={router as never} />
    </WithQueries>,
  );
  return router;
}
