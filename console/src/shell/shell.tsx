import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, useSyncExternalStore } from "react";
import { me } from "../api/session";
import { executionsPath, machinesPath } from "../paths";
import icon from "../theme/icon.svg";
import { choose, type Theme, useTheme } from "../theme/mode";
import { words } from "../words";
import { Anchor } from "./anchor";
import { Loading } from "./broken";
import { Login } from "./login";
import "./shell.css";

const THEMES: Theme[] = ["system", "light", "dark"];

/** What is around every page. */
export function Shell() {
  const { data } = useQuery(me);
  const { pathname } = useLocation();
  const namespace = data?.tenants[0]?.name ?? "default";
  const here = pathname.split("/").at(2);
  const pages = [
    { name: "machines", href: machinesPath(namespace), text: words.pages.machines },
    { name: "executions", href: executionsPath(namespace), text: words.pages.executions },
  ];
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.shell.skip}
      </a>
      <header>
        <Anchor className="brand" href={machinesPath(namespace)}>
          <img src={icon} alt="" />
          {words.product}
        </Anchor>
        <nav aria-label={words.shell.pages}>
          {pages.map(({ name, href, text }) => (
            <Anchor key={name} href={href} {...(here === name ? { "aria-current": "page" as const } : {})}>
              {text}
            </Anchor>
          ))}
        </nav>
        <div className="aside">
          {data?.person && (
            <span title={words.shell.tenant}>{data.login === null ? data.tenants[0]?.name : data.person}</span>
          )}
          <ThemeChoice />
        </div>
      </header>
      <Offline />
      <main id="content" tabIndex={-1}>
        {data && data.person === null ? (
          <Login />
        ) : (
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        )}
      </main>
    </div>
  );
}

function ThemeChoice() {
  const theme = useTheme();
  return (
    <ButtonDropdown
      variant="icon"
      ariaLabel={words.shell.theme}
      items={THEMES.map((each) => ({
        id: each,
        text: words.shell.themes[each],
        itemType: "checkbox" as const,
        checked: each === theme,
      }))}
      onItemClick={({ detail }) => choose(detail.id as Theme)}
    />
  );
}

/** Said while nothing that this page shows can be had. */
function Offline() {
  const cache = useQueryClient().getQueryCache();
  const isOffline = useSyncExternalStore(
    (tell) => cache.subscribe(tell),
    () => cache.getAll().some((query) => query.isActive() && query.state.fetchFailureCount > 1),
  );
  if (!isOffline) return null;
  return (
    <div className="offline" role="status">
      <strong>{words.broken.unreachable}.</strong> {words.broken.unreachableText}
    </div>
  );
}
