/** What tests/e2e has made before: a `stepwright server`, two namespaces, and people with and without rights there. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

type Person = "dana" | "ben" | "rita" | "eve" | "nora";

interface Served {
  address: string;
  /** The login provider's. */
  issuer: string;
  shop: string;
  /** The shop's, in ARNs. */
  account: string;
  stock: string;
  tokens: Record<Person, string>;
  /** As whoever administers the cluster, in the shop. */
  kubectl: [string, ...string[]];
}

export const served = JSON.parse(readFileSync(process.env.SERVED ?? "", "utf8")) as Served;

export async function kubectl(...words: string[]): Promise<void> {
  const [command, ...first] = served.kubectl;
  await promisify(execFile)(command, [...first, ...words]);
}
