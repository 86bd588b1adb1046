/** Whose page is shown, where a person may look at several tenants. */
import { type Place, place } from "../api/arns";
import type { Me, Tenant } from "../api/generated/console";
import { keep, kept } from "../kept";

const KEY = "stepwright.tenant";

/** Of pages that are of no tenant: the one that was looked at last, else the first. */
export function usualTenant(tenants: readonly Tenant[]): Tenant | null {
  const last = kept(KEY);
  return tenants.find(({ name }) => name === last) ?? tenants[0] ?? null;
}

/** By its name, or by its account, as ARNs have it; null: one that nobody here may look at. */
export const tenantCalled = (tenants: readonly Tenant[], called: string | undefined): Tenant | null =>
  tenants.find(({ name }) => name === called) ?? tenants.find(({ account }) => account === called) ?? null;

export const lookAtTenant = (name: string): void => keep(KEY, name);

/** A tenant, and where its things are. */
export interface Here {
  namespace: string;
  place: Place;
  tenant: Tenant | null;
}

/** `called`: as an address has it; without one it is the usual tenant. */
export function hereOf({ tenants, region }: Pick<Me, "tenants" | "region">, called?: string): Here {
  const wanted = called ?? usualTenant(tenants)?.name ?? "default";
  const tenant = tenantCalled(tenants, wanted);
  return { namespace: tenant?.name ?? wanted, place: place(tenant?.account ?? wanted, region), tenant };
}
