import { type Query, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { ApiFailure } from "../api/client";
import { words } from "../words";
import { kindOf } from "./failures";

/** Said while what this page shows cannot be had, or not any more. */
export function Offline() {
  const cache = useQueryClient().getQueryCache();
  const failure = useSyncExternalStore(
    (tell) => cache.subscribe(tell),
    () => failureOf(cache.getAll().filter((query) => query.isActive())),
  );
  if (failure === null) return null;
  const [title, text] = told(failure);
  return (
    <div className="offline" role="status">
      <strong>{title}.</strong> {text}
    </div>
  );
}

function failureOf(shown: readonly Query[]): Error | null {
  const failing = shown.find(({ state }) => state.fetchFailureCount > 1);
  if (failing) return failing.state.fetchFailureReason;
  // What could never be had is told in its place.
  const forbidden = shown.find(({ state }) => state.data !== undefined && kindOf(state.error) === "forbidden");
  return forbidden?.state.error ?? null;
}

function told(failure: Error): [title: string, text: string] {
  const { broken } = words;
  const said = `${failure.message.replace(/\.$/, "")}.`;
  if (kindOf(failure) === "forbidden") return [broken.forbiddenNow, `${said} ${broken.forbiddenNowText}`];
  const isSaid = failure instanceof ApiFailure && failure.code === "ServiceUnavailableException";
  return isSaid ? [broken.notNow, `${said} ${broken.askedAgain}`] : [broken.unreachable, broken.unreachableText];
}
