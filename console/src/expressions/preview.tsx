/** What an expression gives on data that was recorded, while it is being written. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { ToTry } from "../api/generated/console";
import { tried } from "../api/trying";
import { words } from "../words";

const PAUSE_MILLIS = 250;
const LONGEST = 200;

export function Preview({ given }: { given: ToTry | null }) {
  const { data } = useQuery(tried(useSettled(given)));
  if (!given || !data) return null;
  const wrong = data.findings?.[0]?.message ?? data.cause ?? data.error;
  if (wrong !== undefined) return <p className="preview failed">{wrong}</p>;
  if (data.value === undefined) return null;
  return (
    <p className="preview" title={words.expressions.onRecorded}>
      <span className="is" aria-hidden="true">
        =
      </span>
      <span className="unseen">{words.expressions.gives}</span>
      <span>{data.value.length > LONGEST ? `${data.value.slice(0, LONGEST)}…` : data.value}</span>
    </p>
  );
}

/** What has not changed for a while. */
function useSettled(given: ToTry | null): ToTry | null {
  const key = JSON.stringify(given);
  const [settled, settle] = useState<ToTry | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => settle(JSON.parse(key) as ToTry | null), PAUSE_MILLIS);
    return () => clearTimeout(timer);
  }, [key]);
  return settled;
}
