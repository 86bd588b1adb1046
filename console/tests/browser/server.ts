/** A real `stepwright dev` in a folder of its own, and AWS's API to fill it with. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_MILLIS = 120_000;
const END_MILLIS = 20_000;
const POLL_MILLIS = 100;
const ROLE = "arn:aws:iam::123456789012:role/any";

export class Server {
  private constructor(
    readonly address: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Serving when this returns. The port is chosen by the system, unless one is given. */
  static async start(...options: string[]): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), "stepwright-console-"));
    const process = spawn("stepwright", ["dev", "--port", "0", "--data", folder, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let told = "";
    const address = await new Promise<string>((serves, fails) => {
      const late = setTimeout(() => fails(new Error(`stepwright dev does not serve: ${told}`)), START_MILLIS);
      const read = (text: Buffer) => {
        told += text;
        const found = /on (http:\/\/\S+?) and/.exec(told)?.[1];
        if (!found) return;
        clearTimeout(late);
        serves(found);
      };
      process.stdout?.on("data", read);
      process.stderr?.on("data", read);
      process.on("exit", (code) => fails(new Error(`stepwright dev has ended with ${code}: ${told}`)));
    });
    return new Server(address, process, folder);
  }

  async stop(): Promise<void> {
    const ended = new Promise((gone) => this.process.on("exit", gone));
    this.process.kill("SIGTERM");
    await Promise.race([ended, sleep(END_MILLIS, undefined, { ref: false })]);
    this.process.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Of its memory, what is in the machine's now. */
  residentKib(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  }

  /** What an SDK would do. */
  async call<Answer = Record<string, unknown>>(operation: string, input: object): Promise<Answer> {
    const answer = await fetch(this.address, {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": `AWSStepFunctions.${operation}` },
      body: JSON.stringify(input),
    });
    const told = await answer.text();
    if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${told}`);
    return JSON.parse(told) as Answer;
  }

  /** Its ARN. */
  async create(name: string, definition: object): Promise<string> {
    const made = await this.call<{ stateMachineArn: string }>("CreateStateMachine", {
      name,
      roleArn: ROLE,
      definition: JSON.stringify(definition),
    });
    return made.stateMachineArn;
  }

  /** Its ARN. */
  async begin(stateMachineArn: string, name: string, input: unknown = {}): Promise<string> {
    const begun = await this.call<{ executionArn: string }>("StartExecution", {
      stateMachineArn,
      name,
      input: JSON.stringify(input),
    });
    return begun.executionArn;
  }

  /** Until it has ended; with what. */
  async ended(executionArn: string): Promise<string> {
    for (;;) {
      const { status } = await this.call<{ status: string }>("DescribeExecution", { executionArn });
      if (status !== "RUNNING") return status;
      await sleep(POLL_MILLIS);
    }
  }
}
