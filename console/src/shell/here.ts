import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCallback } from "react";
import { me } from "../api/session";
import { pathOf } from "../paths";
import { type Here, hereOf } from "./tenants";

/** The tenant whose page this is (of a page of none: the one that was looked at last), and where its things are. */
export function useHere(): Here {
  const { data } = useSuspenseQuery(me);
  const { namespace } = useParams({ strict: false });
  return hereOf(data, namespace);
}

/** From ARNs to the pages of what they name, whoever's those are: see `pathOf`. */
export function usePathOf(): (arn: string, mapRun?: string) => string {
  const { tenants } = useSuspenseQuery(me).data;
  return useCallback((arn, mapRun) => pathOf(arn, tenants, mapRun), [tenants]);
}
