import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation } from "@tanstack/react-router";
import { Activity, Suspense, useEffect } from "react";
import { me } from "../api/session";
import { blueprintsPath, dashboardPath, executionsPath, filesPath, machinesPath, startPath } from "../paths";
import icon from "../theme/icon.svg";
import { words } from "../words";
import { Anchor } from "./anchor";
import { Loading } from "./broken";
import { Empty } from "./empty";
import { Login } from "./login";
import { Offline } from "./offline";
import { Menu, TenantChoice } from "./person";
import { lookAtTenant, tenantCalled, usualTenant } from "./tenants";
import "./shell.css";

const Brand = () => (
  <>
    <img src={icon} alt="" />
    <span>{words.product}</span>
  </>
);

/** What is around every page. */
export function Shell() {
  const { data } = useQuery(me);
  const { pathname } = useLocation();
  const [, named, second] = pathname.split("/");
  const here = second ?? named;
  const tenant = tenantCalled(data?.tenants ?? [], named);
  const namespace = (tenant ?? usualTenant(data?.tenants ?? []))?.name ?? "default";
  useEffect(() => {
    if (tenant) lookAtTenant(tenant.name);
  }, [tenant]);
  const isOut = data?.person === null;
  const hasPage = data?.tenants.length !== 0;
  // Whoever is not in, or may look at nothing, is led nowhere; and a page that waits behind the login is not left.
  const isIn = data !== undefined && !isOut && hasPage;
  const pages = [
    { name: "machines", href: machinesPath(namespace), text: words.pages.machines },
    { name: "executions", href: executionsPath(namespace), text: words.pages.executions },
    ...(data?.features.metrics
      ? [{ name: "dashboard", href: dashboardPath(namespace), text: words.pages.dashboard }]
      : []),
    ...(data?.features.blueprints
      ? [{ name: "blueprints", href: blueprintsPath(), text: words.pages.blueprints }]
      : []),
    ...(data?.features.files ? [{ name: "files", href: filesPath(namespace), text: words.pages.files }] : []),
  ];
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.shell.skip}
      </a>
      <header>
        {isIn ? (
          <Anchor className="brand" href={startPath(namespace)}>
            <Brand />
          </Anchor>
        ) : (
          <span className="brand">
            <Brand />
          </span>
        )}
        {isIn && (
          <nav aria-label={words.shell.pages}>
            {pages.map(({ name, href, text }) => (
              <Anchor key={name} href={href} {...(here === name ? { "aria-current": "page" as const } : {})}>
                {text}
              </Anchor>
            ))}
          </nav>
        )}
        <div className="aside">
          {isIn && (
            <TenantChoice
              me={data}
              namespace={second === undefined ? namespace : (tenant?.name ?? named ?? namespace)}
            />
          )}
          <Menu me={data} />
        </div>
      </header>
      <Offline />
      <main id="content" tabIndex={-1}>
        {isOut && <Login by={data.login} hasEnded={hasPage} />}
        {data?.person && !hasPage && (
          <div className="page">
            <Empty title={words.shell.noTenant} text={words.shell.noTenantText(data.person)} />
          </div>
        )}
        {hasPage && (
          // The page of somebody whose session has ended waits behind the login, with whatever was typed in it.
          <Activity mode={isOut ? "hidden" : "visible"}>
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </Activity>
        )}
      </main>
    </div>
  );
}
