/**
 * What belongs to a state machine beside its definition, as AWS's API has it: as what it runs, what is logged and traced, how it is
 * encrypted, its tags. Knows no React and no server.
 */

import type { Encryption, Logging, Machine, Tag } from "../api/machines";

export const LEVELS = ["OFF", "ERROR", "FATAL", "ALL"] as const;

/** What can be changed once there is a state machine. */
export interface Settings {
  roleArn: string;
  loggingConfiguration: Logging;
  tracingConfiguration: { enabled: boolean };
  encryptionConfiguration: Encryption;
  tags: readonly Tag[];
}

/** `name`: of one that is not there yet; it may be "". */
export interface Config extends Settings {
  name?: string;
  type: "STANDARD" | "EXPRESS";
}

export type Setting = keyof Settings;

export const SETTINGS = [
  "roleArn",
  "loggingConfiguration",
  "tracingConfiguration",
  "encryptionConfiguration",
  "tags",
] as const satisfies readonly Setting[];

export const CUSTOMERS_KEY = "CUSTOMER_MANAGED_KMS_KEY";
export const OWNED_KEY = "AWS_OWNED_KEY";
/** Of a data key, in seconds: AWS's bounds and its default. */
export const REUSE = { least: 60, most: 900, usual: 300 };
export const MOST_TAGS = 50;

/** What DescribeStateMachine answers, which may leave out what is as it usually is. */
type Described = Pick<
  Machine,
  "type" | "roleArn" | "loggingConfiguration" | "tracingConfiguration" | "encryptionConfiguration"
>;

export function configOf(described: Described, tags: readonly Tag[]): Config {
  const { type, roleArn, loggingConfiguration, tracingConfiguration, encryptionConfiguration } = described;
  return {
    type: type === "EXPRESS" ? type : "STANDARD",
    roleArn,
    loggingConfiguration: { level: "OFF", includeExecutionData: false, destinations: [], ...loggingConfiguration },
    tracingConfiguration: { enabled: tracingConfiguration?.enabled ?? false },
    encryptionConfiguration: encryptionConfiguration ?? { type: OWNED_KEY },
    tags,
  };
}

/** Of one that is not there yet. */
export const newConfig = (name: string, roleArn: string): Config => ({
  name,
  ...configOf({ type: "STANDARD", roleArn }, []),
});

/** As it is sent: without tags that have neither key nor value, and without groups that have no ARN. */
export function sent(config: Config): Config {
  const { loggingConfiguration: logging, encryptionConfiguration: encryption } = config;
  return {
    ...config,
    loggingConfiguration: {
      ...logging,
      destinations: logging.destinations.filter(({ cloudWatchLogsLogGroup: group }) => group.logGroupArn !== ""),
    },
    encryptionConfiguration:
      encryption.type === CUSTOMERS_KEY
        ? { ...encryption, kmsDataKeyReusePeriodSeconds: encryption.kmsDataKeyReusePeriodSeconds ?? REUSE.usual }
        : { type: encryption.type },
    tags: config.tags.filter(({ key, value }) => key !== "" || value !== ""),
  };
}

/** Whether a setting is the same in both, whatever the order of names and tags. */
export const isSame = (setting: Setting, one: Config, other: Config): boolean =>
  canonical(setting, one) === canonical(setting, other);

/** Those that are not the same in both. */
export const changedSettings = (before: Config, after: Config): Setting[] =>
  SETTINGS.filter((setting) => !isSame(setting, before, after));

/** Whether nothing in it would have to be saved. */
export function isSameConfig(one: Config | null, other: Config | null): boolean {
  if (one === null || other === null || one === other) return one === other;
  return one.name === other.name && one.type === other.type && changedSettings(one, other).length === 0;
}

function canonical(setting: Setting, config: Config): string {
  const found = sent(config);
  if (setting === "tags") return JSON.stringify(found.tags.map(({ key, value }) => `${key}\n${value}`).sort());
  return JSON.stringify(sorted(found[setting]));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  );
}

/** `taken`: settings that others alone have changed; `clashes`: those that both have, in which `config` has yours. */
export interface MergedConfig {
  config: Config;
  taken: Setting[];
  clashes: Setting[];
}

/** What two have begun with, and what each has made of it; `theirs` is stored. */
export interface Configs {
  base: Config;
  yours: Config;
  theirs: Config;
}

/** Both together, as far as they do not meet. */
export function mergedConfig({ base, yours, theirs }: Configs): MergedConfig {
  const others = changedSettings(base, theirs).filter((setting) => !isSame(setting, yours, theirs));
  const clashes = others.filter((setting) => !isSame(setting, base, yours));
  const taken = others.filter((setting) => !clashes.includes(setting));
  return { config: withTheirs(yours, theirs, taken), taken, clashes };
}

/** `yours`, with these settings as the others have them. */
export const withTheirs = (yours: Config, theirs: Config, settings: readonly Setting[]): Config => ({
  ...yours,
  ...Object.fromEntries(settings.map((setting) => [setting, theirs[setting]])),
});

/** What a save has to do with tags: AWS has operations of their own for them. */
export function tagChanges(before: readonly Tag[], after: readonly Tag[]): { put: Tag[]; gone: string[] } {
  const old = new Map(before.map(({ key, value }) => [key, value]));
  return {
    put: after.filter(({ key, value }) => old.get(key) !== value),
    gone: [...old.keys()].filter((key) => !after.some((tag) => tag.key === key)),
  };
}
