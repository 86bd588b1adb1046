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

export const nameOf = (of: string): string => of.split(":").slice(6).join(":");
