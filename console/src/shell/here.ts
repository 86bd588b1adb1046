import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type Place, place } from "../api/arns";
import type { Tenant } from "../api/generated/console";
import { me } from "../api/session";

/** The tenant whose page this is, and where its things are. */
export function useHere(): { namespace: string; place: Place; tenant: Tenant | null } {
  const { namespace = "default" } = useParams({ strict: false });
  const { data } = useSuspenseQuery(me);
  const tenant = data.tenants.find((each) => each.name === namespace) ?? null;
  return { namespace, place: place(tenant?.account ?? namespace, data.region), tenant };
}
