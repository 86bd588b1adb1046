/** What the fields of a configuration share: what is there, how it becomes another, what is wrong with it and what this server has. */
import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { nameOf, type Place } from "../../api/arns";
import { me } from "../../api/session";
import type { Config } from "../../editing/config";
import type { Session } from "../../editing/session";
import { useSnapshot } from "../../editing/use_session";
import { useHere } from "../../shell/here";
import { words } from "../../words";
import { type Problems, problemsIn } from "./problems";

/** `isLocked`: nothing of it can be changed. `accounts`, `express`: as in `Features`. */
export interface Configuring {
  config: Config;
  problems: Problems;
  place: Place;
  /** Of the state machine; "" if it has none yet. */
  name: string;
  isLocked: boolean;
  accounts: boolean;
  express: boolean;
  set: (part: Partial<Config>, what: string) => void;
}

/** Null where nothing belongs to the text. `machine`: its ARN; null: it is not there yet. */
export function useConfig(session: Session, machine: string | null): Configuring | null {
  const { config, storedConfig, readOnly } = useSnapshot(session);
  const { place } = useHere();
  const { features } = useSuspenseQuery(me).data;
  const problems = useMemo(() => (config ? problemsIn(config, storedConfig) : new Map()), [config, storedConfig]);
  if (config === null) return null;
  return {
    config,
    problems,
    place,
    name: config.name ?? (machine === null ? "" : nameOf(machine)),
    isLocked: readOnly !== null,
    accounts: features.accounts ?? false,
    express: features.express ?? false,
    set: (part, what) => {
      const now = session.snapshot().config;
      if (now) session.configure(words.config.act(what), { ...now, ...part });
    },
  };
}
