import { Navigate } from "@tanstack/react-router";
import { useHere } from "./here";

/** The address without anything leads to the start page of the tenant that was looked at last. */
export function Home() {
  const { namespace } = useHere();
  return <Navigate to="/$namespace/start" params={{ namespace }} replace />;
}
