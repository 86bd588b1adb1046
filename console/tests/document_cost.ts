/**
 * What an edit costs until its picture can be laid out, in milliseconds of processor time:
 *
 *     npx vite build --config vitest.config.ts --ssr tests/document_cost.ts --outDir node_modules/.cost
 *     node node_modules/.cost/document_cost.js
 */
import { stringify } from "yaml";
import { renameState } from "../src/document/acts/rename_state";
import { retarget } from "../src/document/acts/retarget";
import { type Document, open } from "../src/document/document";
import { made } from "../src/document/making";
import { graphOf } from "../src/graph/of_definition";

function chain(count: number) {
  const states = Array.from({ length: count }, (_, index) => [
    `S${index}`,
    {
      Type: "Task",
      Resource: "k8s:job",
      Parameters: { image: "busybox", command: ["sh", "-c", "echo 1"] },
      Retry: [{ ErrorEquals: ["Job.Failed"], MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: `S${Math.min(index + 2, count - 1)}` }],
      ...(index < count - 1 ? { Next: `S${index + 1}` } : { End: true }),
    },
  ]);
  return { StartAt: "S0", States: Object.fromEntries(states) };
}

/** The best and the median of many. */
function cost(run: () => void): string {
  for (let warm = 0; warm < 5; warm += 1) run();
  const all = Array.from({ length: 15 }, () => {
    const begin = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  }).sort((a, b) => a - b);
  return `${all[0]?.toFixed(1)} (median ${all[7]?.toFixed(1)})`;
}

for (const count of [50, 200, 1000]) {
  const value = chain(count);
  for (const [name, text] of [
    ["YAML", stringify(value)],
    ["JSON", JSON.stringify(value, null, 2)],
  ] as const) {
    const document: Document = open(text);
    const middle = `/States/S${count >> 1}`;
    const figures = {
      read: cost(() => open(text)),
      "set a number and draw": cost(() => {
        graphOf(made(document, [{ do: "set", at: `${middle}/Retry/0/MaxAttempts`, value: 7 }]).document.definition);
      }),
      "rename a state and draw": cost(() => graphOf(renameState(document, middle, "Another").document.definition)),
      "lead elsewhere and draw": cost(() => graphOf(retarget(document, `${middle}/Next`, "S0").document.definition)),
      draw: cost(() => graphOf(document.definition)),
    };
    const said = Object.entries(figures).map(([what, figure]) => `${what} ${figure}`);
    process.stdout.write(`${count} states, ${name}, ${(text.length / 1024).toFixed(0)} KiB: ${said.join("; ")}\n`);
  }
}
