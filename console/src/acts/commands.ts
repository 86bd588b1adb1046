/**
 * What a button does, as people do it elsewhere: with the aws CLI, with boto3, with kubectl. All texts are quoted, whatever they
 * hold.
 */

export interface Command {
  tool: "aws" | "boto3" | "kubectl";
  text: string;
}

/** `endpoint`: where the server is. `namespace`: in a cluster, else null. */
export interface Where {
  endpoint: string;
  region: string;
  namespace: string | null;
}

/** An operation of AWS's API with what is given to it; what is undefined is left out. */
export interface Call {
  operation: string;
  given: Readonly<Record<string, string | number | boolean | object | undefined>>;
  /** The same by kubectl, if that can do it. */
  kubectl?: (namespace: string) => string;
  /** AWS has no such operation, and its tools cannot do it. */
  isOwn?: boolean;
}

export function commandsOf(at: Where, { operation, given, kubectl, isOwn = false }: Call): Command[] {
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  const found: Command[] = isOwn
    ? []
    : [
        { tool: "aws", text: byCli(at, operation, members) },
        { tool: "boto3", text: byBoto3(at, operation, members) },
      ];
  if (at.namespace !== null && kubectl) found.unshift({ tool: "kubectl", text: kubectl(at.namespace) });
  return found;
}

export const starting = (stateMachineArn: string, machine: string, name: string | undefined, input: string): Call => ({
  operation: "StartExecution",
  given: { stateMachineArn, name, input },
  kubectl: (namespace) => {
    const manifest = {
      apiVersion: "stepwright.dev/v1",
      kind: "Execution",
      metadata: { namespace, ...(name ? { name } : { generateName: `${machine}-` }) },
      spec: { stateMachineRef: { name: machine }, inputJson: input },
    };
    return `kubectl create -f - <<'EOF'\n${JSON.stringify(manifest, null, 2)}\nEOF`;
  },
});

export const stopping = (executionArn: string, name: string, error?: string, cause?: string): Call => ({
  operation: "StopExecution",
  given: { executionArn, error, cause },
  kubectl: (namespace) => {
    const patch = JSON.stringify({ spec: { stop: { error, cause } } });
    return `kubectl patch execution ${shell(name)} --namespace ${shell(namespace)} --type=merge -p ${shell(patch)}`;
  },
});

/** `redrives`: how often it was redriven before. What stopped it, and where it went on then, counts no longer. */
export const redriving = (
  executionArn: string,
  name: string,
  redrives: number,
  from?: { state: string; input: string },
): Call => ({
  operation: "RedriveExecution",
  given: { executionArn },
  isOwn: from !== undefined,
  kubectl: (namespace) => {
    const earlier = redrives > 0 ? { from: null, inputJson: null } : {};
    const place = from ? { from: from.state, inputJson: from.input } : earlier;
    const redrive = { requestId: `redrive-${redrives + 1}`, ...place };
    const patch = JSON.stringify({ spec: { stop: null, redrive } });
    return `kubectl patch execution ${shell(name)} --namespace ${shell(namespace)} --type=merge -p ${shell(patch)}`;
  },
});

export const describing = (executionArn: string, name: string): Call => ({
  operation: "DescribeExecution",
  given: { executionArn },
  kubectl: (namespace) => `kubectl get execution ${shell(name)} --namespace ${shell(namespace)} -o yaml`,
});

export const readingHistory = (executionArn: string): Call => ({
  operation: "GetExecutionHistory",
  given: { executionArn },
});

type Members = [string, unknown][];

function byCli({ endpoint, region }: Where, operation: string, members: Members): string {
  const options = members.map(([name, value]) => option(dashed(name), text(value)));
  const first = `aws stepfunctions ${dashed(operation)} --endpoint-url ${shell(endpoint)} --region ${shell(region)}`;
  return [first, ...options].join(" \\\n  ");
}

/** What begins with a dash would be taken for another option. */
const option = (name: string, value: string): string =>
  value.startsWith("-") ? `--${name}=${shell(value)}` : `--${name} ${shell(value)}`;

function byBoto3({ endpoint, region }: Where, operation: string, members: Members): string {
  const given = members.map(([name, value]) => `    ${name}=${python(value)},\n`).join("");
  return [
    "import boto3",
    "",
    `sfn = boto3.client("stepfunctions", endpoint_url=${python(endpoint)}, region_name=${python(region)})`,
    `print(sfn.${dashed(operation).replaceAll("-", "_")}(\n${given}))`,
  ].join("\n");
}

/** `StartExecution`, `stateMachineArn`: `start-execution`, `state-machine-arn`. */
const dashed = (name: string): string => name.replaceAll(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();

const text = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word of a POSIX shell. */
export const shell = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** A literal of Python. Texts are quoted as JSON quotes them, which Python reads alike. */
function python(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${members.map(([name, each]) => `${JSON.stringify(name)}: ${python(each)}`).join(", ")}}`;
  }
  return value === null ? "None" : JSON.stringify(value);
}
