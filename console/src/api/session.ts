/** Who looks at this, and what that one may do. */
import { queryOptions } from "@tanstack/react-query";
import { change, get, remember } from "./client";
import type { Credentials, Me } from "./generated/console";

export const me = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }) => {
    const told = await get<Me>("me", {}, signal);
    remember(told.token);
    return told;
  },
  staleTime: 60_000,
});

/** Raises ApiFailure. */
export async function logIn(credentials: Credentials): Promise<void> {
  await change("POST", "session", credentials);
}
