/** ARNs, of which pages show the names. `arn:PARTITION:states:REGION:ACCOUNT:KIND:NAME[:NAME]` */

export interface Place {
  partition: string;
  region: string;
  account: string;
}

const partitionOf = (region: string): string => {
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return region.startsWith("cn-") ? "aws-cn" : "aws";
};

export const place = (account: string, region: string): Place => ({ partition: partitionOf(region), region, account });

const arn = ({ partition, region, account }: Place, ...rest: string[]) =>
  ["arn", partition, "states", region, account, ...rest].join(":");

export const machineArn = (at: Place, name: string): string => arn(at, "stateMachine", name);
export const executionArn = (at: Place, machine: string, name: string): string => arn(at, "execution", machine, name);

/** Of an execution's ARN, an Express one's too. */
export function executionOf(of: string): { machine: string; name: string } {
  const [machine = "", ...name] = of.split(":").slice(6);
  return { machine, name: name.join(":") };
}

/** Of a version's ARN. */
export const numberOf = (of: string): number => Number(of.split(":").at(-1));
/** Its name, of an alias' ARN. */
export const aliasOf = (of: string): string => of.split(":").at(-1) ?? "";

export const nameOf = (of: string): string => of.split(":").slice(6).join(":");

/** Of a Map Run's ARN: its state machine, and label and id. */
export function mapRunOf(of: string): { machine: string; run: string } {
  const text = of.split(":").slice(6).join(":");
  const cut = text.lastIndexOf("/");
  return { machine: text.slice(0, cut), run: text.slice(cut + 1) };
}

export const mapRunArn = (at: Place, machine: string, run: string): string => arn(at, "mapRun", `${machine}/${run}`);

/** The tenant whose it is. */
export const accountOf = (of: string): string => of.split(":")[4] ?? "";

/** Whether it is the ARN of an execution, a child of a Map Run too. */
export const isExecution = (text: unknown): text is string =>
  typeof text === "string" && /^arn:aws[a-z-]*:states:[^:]*:[^:]+:execution:[^:]+:.+$/.test(text);
