/** Who looks at this, and what that one may do. */
import { queryOptions } from "@tanstack/react-query";
import { ApiFailure, change, get, remember } from "./client";
import type { Credentials, Me } from "./generated/console";

const KEY = ["me"];

/** Who was logged in last, since this page was loaded. */
let last: string | null = null;
/** Whether one has to log in at all. */
let isAsked = false;

/** Without a `person` after there was one the tenants are those of that one, whose page waits behind the login. */
export const me = queryOptions({
  queryKey: KEY,
  queryFn: async ({ signal, client }) => {
    const told = await get<Me>("me", {}, signal);
    remember(told.token);
    const { person } = told;
    if (person === null) return { ...told, tenants: client.getQueryData<Me>(KEY)?.tenants ?? told.tenants };
    if (last !== null && last !== person) {
      // Nothing of what one has seen and typed is left for another one.
      location.reload();
      return new Promise<Me>(() => undefined);
    }
    last = person;
    isAsked = told.login !== null;
    return told;
  },
  // Somebody may be logging in in another tab.
  staleTime: ({ state }) => (state.data?.person === null ? 0 : 60_000),
});

/** The name under which this browser keeps something of whoever is logged in: another who logs in here finds another name. */
export const own = (name: string): string => (isAsked ? JSON.stringify([last, name]) : name);

/** Raises ApiFailure. */
export async function logIn(credentials: Credentials): Promise<void> {
  await change("POST", "session", credentials);
}

/** Raises ApiFailure; not where the session has ended by itself. */
export async function logOut(): Promise<void> {
  try {
    await change("DELETE", "session", {});
  } catch (failure) {
    if (!(failure instanceof ApiFailure && failure.status === 401)) throw failure;
  }
}
