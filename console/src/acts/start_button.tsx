import Button, { type ButtonProps } from "@cloudscape-design/components/button";
import { lazy, Suspense, useState } from "react";
import { words } from "../words";
import { useRight } from "./rights";

const StartDialog = lazy(() => import("./start_dialog").then((found) => ({ default: found.StartDialog })));

interface Props {
  /** Its ARN. */
  machine: string;
  /** The ARN of the version or the alias that is started. */
  by?: string;
  variant?: ButtonProps.Variant;
  /** Of what, where there are several such buttons. */
  label?: string;
}

export function StartButton({ machine, by, variant = "primary", label }: Props) {
  const [isAsked, ask] = useState(false);
  return (
    <>
      <Button
        variant={variant}
        onClick={() => ask(true)}
        {...(label === undefined ? {} : { ariaLabel: `${words.acts.start}: ${label}` })}
        {...useRight("StartExecution", machine)}
      >
        {words.acts.start}
      </Button>
      <Suspense fallback={null}>
        {isAsked && <StartDialog machine={machine} {...(by === undefined ? {} : { by })} onClose={() => ask(false)} />}
      </Suspense>
    </>
  );
}
