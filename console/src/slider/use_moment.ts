import { useCallback, useEffect, useRef, useState } from "react";

/** An address that changes with every step of the mouse would be all that a browser does. */
const WRITTEN_MILLIS = 250;

/** The moment that is shown, undefined for now: at once for what is drawn, and a little later in the address. */
export function useMoment(
  address: number | undefined,
  write: (at: number | undefined) => void,
): [at: number | undefined, go: (at: number | undefined) => void] {
  const [at, move] = useState(address);
  const written = useRef(address);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Somebody has followed a link, or gone back.
    if (address === written.current) return;
    written.current = address;
    clearTimeout(timer.current);
    move(address);
  }, [address]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const go = useCallback(
    (to: number | undefined) => {
      move(to);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        written.current = to === undefined ? undefined : Math.round(to);
        write(written.current);
      }, WRITTEN_MILLIS);
    },
    [write],
  );
  return [at, go];
}
