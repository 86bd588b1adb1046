/** Trying things without leaving the page: one state, or the whole machine. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Allowed, useRight } from "../acts/rights";
import { machine as machineQuery } from "../api/machines";
import { last } from "../document/pointer";
import { results } from "../editing/results";
import { useSession } from "../editing/use_session";
import { Choices } from "../shell/choices";
import { useHere } from "../shell/here";
import { words } from "../words";
import { MachineRun } from "./machine_run";
import { StateTest } from "./state_test";
import "./test_drawer.css";

const TRIED = ["state", "machine"] as const;

export function TestDrawer() {
  const { now, machine } = useSession();
  const { place } = useHere();
  const { data } = useQuery({ ...machineQuery(machine ?? ""), enabled: machine !== null });
  const [wanted, want] = useState<(typeof TRIED)[number]>("state");
  useEffect(() => () => results.show(null), []);
  const state = now.selected !== null && now.document.at(now.selected) instanceof Map ? now.selected : null;
  const shown = state === null ? "machine" : wanted;
  // Nobody asks in `dev` whether there is such a role.
  const role = data?.roleArn ?? `arn:${place.partition}:iam::${place.account}:role/stepwright`;
  const test = useRight("TestState");
  const start = useRight("StartExecution", machine ?? undefined);
  const reason = ({ disabled, disabledReason = words.test.forbidden }: Allowed) => (disabled ? disabledReason : null);
  return (
    <section className="test-drawer" aria-label={words.test.title}>
      <Choices
        label={words.test.what}
        of={TRIED}
        chosen={shown}
        said={{
          state: state === null ? words.test.chooseState : words.test.state(last(state)),
          machine: words.test.machine,
        }}
        isClosed={(each) => each === "state" && state === null}
        onChoose={want}
      />
      {shown === "state" && state !== null ? (
        <StateTest key={state} state={state} role={role} forbidden={reason(test)} />
      ) : (
        <MachineRun forbidden={reason(start)} />
      )}
    </section>
  );
}
