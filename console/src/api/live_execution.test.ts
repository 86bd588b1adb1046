import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Execution, VisitRow } from "./generated/console";
import { hearingExecution } from "./live_execution";
import { type MapRun, mapRun, mapRunKey } from "./map_runs";
import { someVisits } from "./visits";

const ARN = "arn:aws:states:us-east-1:123456789012:execution:orders:one";
let queries: QueryClient;
let tell: (name: string, said: object) => Promise<void>;

beforeEach(() => {
  queries = new QueryClient();
  const hear = hearingExecution(queries, `execution:${ARN}`);
  tell = async (name, said) => hear({ name, data: JSON.stringify(said) });
});

afterEach(() => {
  queries.clear();
  vi.unstubAllGlobals();
});

const NOTHING = { pending: 0, running: 0, succeeded: 0, failed: 0, aborted: 0, total: 6 };
const row = (id: number, outcome: VisitRow[6] = null): VisitRow => [
  ...([id, `S${id}`, `/States/S${id}`, "Task", id, outcome && id + 1, outcome, 1, null, 0, "Next"] as const),
  ...([null, null, id, []] as const),
];
const execution = (more: Partial<Execution> = {}): Execution => ({
  arn: ARN,
  machine: "m",
  name: "one",
  status: "RUNNING",
  started: 0,
  input: { text: "{}", bytes: 2 },
  revision: "1",
  lastEvent: 3,
  current: [row(1)],
  ...more,
});
const known = () => queries.getQueryData<Execution>(["execution", ARN]);

test("what is reported stands where the page reads it", async () => {
  await tell("execution", { watch: 0, execution: execution() });
  await tell("tallies", { watch: 0, tallies: { "/States/S1": { Running: { count: 1 } } } });
  await tell("tallies", { watch: 0, tallies: { "/States/S2": { Running: { count: 1 } } } });
  await tell("progress", { watch: 0, lastEvent: 8 });
  await tell("visits", { watch: 0, rows: [row(1, "Succeeded"), row(2)] });

  expect(known()).toMatchObject({ lastEvent: 8, current: [row(2)] });
  expect(queries.getQueryData(["tallies", ARN])).toEqual({
    tallies: { "/States/S1": { Running: { count: 1 } }, "/States/S2": { Running: { count: 1 } } },
  });
});

test("what is reported while visits are read is not lost to an older answer", async () => {
  let answer: (of: Response) => void = () => {};
  vi.stubGlobal("fetch", () => new Promise<Response>((done) => (answer = done)));
  const reading = queries.fetchQuery(someVisits(ARN, { pointer: "/States/S1" }, true));
  await vi.waitFor(() => expect(answer).not.toBeUndefined());

  await tell("visits", { watch: 0, rows: [row(1, "Succeeded"), row(2)] });
  answer(new Response(JSON.stringify({ rows: [row(1)] })));

  const { visits } = await reading;
  expect(visits.map(({ id, outcome }) => [id, outcome])).toEqual([[1, "Succeeded"]]);
});

test("what is reported of a Map Run while it is read is not lost to an older answer", async () => {
  const run = (running: number): MapRun => ({
    mapRunArn: "run",
    executionArn: ARN,
    status: "RUNNING",
    startDate: 1,
    maxConcurrency: 3,
    toleratedFailureCount: 0,
    toleratedFailurePercentage: 0,
    itemCounts: { ...NOTHING, running },
    executionCounts: { ...NOTHING, running },
  });
  const answers: ((of: Response) => void)[] = [];
  vi.stubGlobal("fetch", (url: string) =>
    url.endsWith("/me")
      ? Promise.resolve(new Response('{"token":"t"}'))
      : new Promise<Response>((done) => answers.push(done)),
  );
  queries.setQueryData(mapRunKey("run"), run(2));
  const looking = new QueryObserver(queries, { ...mapRun("run", "live"), staleTime: 0 });
  const end = looking.subscribe(() => {});
  await vi.waitFor(() => expect(answers).toHaveLength(1));

  const counts = { total: 6, running: 3, succeeded: 0, failed: 0 };
  await tell("mapRun", { watch: 0, mapRun: "run", status: "RUNNING", items: counts, executions: counts });
  answers[0]?.(new Response(JSON.stringify(run(2))));
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(new Response(JSON.stringify(run(3))));

  await vi.waitFor(() => expect(looking.getCurrentResult().isFetching).toBe(false));
  expect(looking.getCurrentResult().data?.itemCounts.running).toBe(3);
  end();
});

test("after a gap visits are read again, but not those of one that was over before", async () => {
  const asked = vi.spyOn(queries, "invalidateQueries");
  queries.setQueryData(["execution", ARN], execution({ status: "SUCCEEDED" }));
  await tell("ready", { watches: 1 });
  await tell("execution", { watch: 0, execution: execution({ status: "SUCCEEDED" }) });
  await new Promise((done) => setTimeout(done, 20));
  expect(asked).not.toHaveBeenCalled();

  await tell("ready", { watches: 1 });
  await tell("execution", { watch: 0, execution: execution({ status: "SUCCEEDED", redrives: 1, lastEvent: 9 }) });

  await vi.waitFor(() => expect(asked).toHaveBeenCalledWith({ queryKey: ["visits", ARN] }));
});

test("visits that are too many to be reported are read again once for many times", async () => {
  const asked = vi.spyOn(queries, "invalidateQueries");

  for (let time = 0; time < 10; time += 1) await tell("resync", { watch: 0 });

  await vi.waitFor(() => expect(asked).toHaveBeenCalledWith({ queryKey: ["visits", ARN] }));
  expect(asked.mock.calls.filter(([what]) => what?.queryKey?.[0] === "visits")).toHaveLength(1);
  expect(asked).toHaveBeenCalledWith({ queryKey: ["map-run"] });
});
