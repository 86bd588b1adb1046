import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { commandsOf, readingHistory, redriving, shell, starting, stopping, type Where } from "./commands";

const DEV: Where = { endpoint: "http://127.0.0.1:8083", region: "us-east-1", namespace: null };
const CLUSTER: Where = { ...DEV, namespace: "shop" };
const MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
const EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:orders:one";

test("a start reads as the aws CLI and boto3 have it", () => {
  const [aws, boto3] = commandsOf(DEV, starting(MACHINE, "orders", "one", '{"total": 84}'));

  expect(aws?.text).toBe(
    `aws stepfunctions start-execution --endpoint-url http://127.0.0.1:8083 --region us-east-1 \\
  --state-machine-arn ${MACHINE} \\
  --name one \\
  --input '{"total": 84}'`,
  );
  expect(boto3?.text).toBe(`import boto3

sfn = boto3.client("stepfunctions", endpoint_url="http://127.0.0.1:8083", region_name="us-east-1")
print(sfn.start_execution(
    stateMachineArn="${MACHINE}",
    name="one",
    input="{\\"total\\": 84}",
))`);
});

test("what is not given is left out", () => {
  const [aws] = commandsOf(DEV, stopping(EXECUTION, "one", undefined, "nobody came"));

  expect(aws?.text).not.toContain("--error");
  expect(aws?.text).toContain("--cause 'nobody came'");
});

test("kubectl is shown in a cluster, where it can do the same", () => {
  expect(commandsOf(DEV, stopping(EXECUTION, "one")).map(({ tool }) => tool)).toEqual(["aws", "boto3"]);
  expect(commandsOf(CLUSTER, readingHistory(EXECUTION)).map(({ tool }) => tool)).toEqual(["aws", "boto3"]);

  const [kubectl] = commandsOf(CLUSTER, stopping(EXECUTION, "one", "Shop.Closed"));

  expect(kubectl?.text).toBe(
    `kubectl patch execution one --namespace shop --type=merge -p '{"spec":{"stop":{"error":"Shop.Closed"}}}'`,
  );
});

test("each redrive by kubectl is a request of its own, and takes back what stopped the execution", () => {
  const [kubectl] = commandsOf(CLUSTER, redriving(EXECUTION, "one", 1));

  expect(kubectl?.text).toBe(
    `kubectl patch execution one --namespace shop --type=merge -p '{"spec":{"stop":null,"redrive":{"requestId":"redrive-2","from":null,"inputJson":null}}}'`,
  );
});

test("only kubectl has an execution go on at a state of one's choice", () => {
  const from = { state: "Ship", input: '{"by": "hand"}' };
  expect(commandsOf(DEV, redriving(EXECUTION, "one", 0, from))).toEqual([]);

  const [kubectl, ...others] = commandsOf(CLUSTER, redriving(EXECUTION, "one", 0, from));

  expect(others).toEqual([]);
  expect(kubectl?.text).toContain(
    String.raw`"redrive":{"requestId":"redrive-1","from":"Ship","inputJson":"{\"by\": \"hand\"}"}`,
  );
});

test("a manifest begins an execution with its input to the letter", () => {
  const [kubectl] = commandsOf(CLUSTER, starting(MACHINE, "orders", undefined, '{"n": 1.0}\nEOF'));
  const manifest = JSON.parse(kubectl?.text.split("\n").slice(1, -1).join("\n") ?? "");

  expect(manifest.metadata).toEqual({ namespace: "shop", generateName: "orders-" });
  expect(manifest.spec.inputJson).toBe('{"n": 1.0}\nEOF');
});

const HOSTILE = ["it's", '$(touch /tmp/x) `x` "y" \\', "a\nb\tc", "", "--x", "ü€😀"];

test.each(HOSTILE)("a shell hands on %j unchanged", (word) => {
  expect(execFileSync("sh", ["-c", `printf %s ${shell(word)}`]).toString()).toBe(word);
});

test("Python reads hostile texts unchanged", () => {
  const literals = HOSTILE.map((word) => {
    const [, boto3] = commandsOf(DEV, stopping(EXECUTION, "one", "E", word));
    return /cause=(.*),\n/.exec(boto3?.text ?? "")?.[1];
  });

  const code = "import ast, json, sys; print(json.dumps([ast.literal_eval(text) for text in sys.argv[1:]]))";
  const read = execFileSync("python3", ["-c", code, ...literals.map(String)]).toString();

  expect(JSON.parse(read)).toEqual(HOSTILE);
});
