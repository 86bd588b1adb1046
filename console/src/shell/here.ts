import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { type Place, place } from "../api/arns";
import type { Tenant } from "../api/generated/console";
import { me } from "../api/session";
import { pathOf } from "../paths";
import { tenantCalled, usualTenant } from "./tenants";

/** The tenant whose page this is (of a page of none: the one that was looked at last), and where its things are. */
export function useHere(): { namespace: string; place: Place; tenant: Tenant | null } {
  const { data } = useSuspenseQuery(me);
  const { namespace: called = usualTenant(data.tenants)?.name ?? "default" } = useParams({ strict: false });
  const tenant = tenantCalled(data.tenants, called);
  return { namespace: tenant?.name ?? called, place: place(tenant?.account ?? called, data.region), tenant };
}

/** From ARNs to the pages of what they name, whoever's those are: see `pathOf`. */
export function usePathOf(): (arn: string, mapRun?: string) => string {
  const { tenants } = useSuspenseQuery(me).data;
  return useCallback((arn, mapRun) => pathOf(arn, tenants, mapRun), [tenants]);
}
