import { describe, expect, test } from "vitest";
import { place } from "../../api/arns";
import {
  type Config,
  changedSettings,
  configOf,
  isSameConfig,
  mergedConfig,
  newConfig,
  sent,
  tagChanges,
  withTheirs,
} from "../../editing/config";
import { accountOf, accountShown, roleOf, usualGroup } from "./accounts";
import { problemsIn } from "./problems";
import { said } from "./said";

const ROLE = "arn:aws:iam::123456789012:role/ships";
const GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:orders:*";
const HERE = place("123456789012", "us-east-1");
const to = (logGroupArn: string) => [{ cloudWatchLogsLogGroup: { logGroupArn } }];

const USUAL = configOf({ type: "STANDARD", roleArn: ROLE }, []);
const config = (part: Partial<Config> = {}): Config => ({ ...USUAL, ...part });
const logging = (part: Partial<Config["loggingConfiguration"]>) => ({
  loggingConfiguration: { ...USUAL.loggingConfiguration, ...part },
});

describe("two configurations are the same", () => {
  test("whatever the order of names and tags, and whatever the server leaves out", () => {
    const one = configOf(
      { type: "STANDARD", roleArn: ROLE, loggingConfiguration: { level: "ALL", destinations: to(GROUP) } },
      [
        { key: "team", value: "logistics" },
        { key: "cost", value: "7" },
      ],
    );
    const other = config({
      ...logging({ destinations: to(GROUP), includeExecutionData: false, level: "ALL" }),
      tags: [
        { key: "cost", value: "7" },
        { key: "team", value: "logistics" },
        { key: "", value: "" },
      ],
    });

    expect(isSameConfig(one, other)).toBe(true);
  });

  test("with the time that a data key is used if nothing is said of it", () => {
    const key = { type: "CUSTOMER_MANAGED_KMS_KEY", kmsKeyId: "alias/orders" };

    expect(
      isSameConfig(
        config({ encryptionConfiguration: key }),
        config({ encryptionConfiguration: { ...key, kmsDataKeyReusePeriodSeconds: 300 } }),
      ),
    ).toBe(true);
  });

  test("unless a setting is another, which is named", () => {
    const other = config({ ...logging({ level: "ERROR" }), tags: [{ key: "a", value: "b" }] });

    expect(changedSettings(config(), other)).toEqual(["loggingConfiguration", "tags"]);
    expect(isSameConfig(config(), other)).toBe(false);
    expect(isSameConfig(null, config())).toBe(false);
  });
});

test("what is sent has no half-written parts", () => {
  const given = config({
    ...logging({ destinations: to("") }),
    encryptionConfiguration: { type: "AWS_OWNED_KEY", kmsKeyId: "typed once" },
    tags: [
      { key: "", value: "" },
      { key: "a", value: "" },
    ],
  });

  expect(sent(given)).toMatchObject({ tags: [{ key: "a", value: "" }] });
  expect(sent(given).loggingConfiguration.destinations).toEqual([]);
  expect(sent(given).encryptionConfiguration).toEqual({ type: "AWS_OWNED_KEY" });
});

test("tags are put and taken away one by one", () => {
  const before = [
    { key: "a", value: "1" },
    { key: "b", value: "2" },
  ];

  expect(tagChanges(before, [{ key: "b", value: "3" }])).toEqual({ put: [{ key: "b", value: "3" }], gone: ["a"] });
  expect(tagChanges(before, before)).toEqual({ put: [], gone: [] });
});

describe("two who change one configuration", () => {
  const traced = { tracingConfiguration: { enabled: true } };

  test("have both what they have changed, as far as that does not meet", () => {
    const merged = mergedConfig({ base: config(), yours: config(traced), theirs: config({ roleArn: `${ROLE}2` }) });

    expect(merged).toMatchObject({ taken: ["roleArn"], clashes: [] });
    expect(merged.config).toEqual(config({ ...traced, roleArn: `${ROLE}2` }));
  });

  test("have yours where it does, unless theirs is chosen", () => {
    const theirs = config(logging({ level: "ALL", destinations: to(GROUP) }));
    const yours = config(logging({ level: "ERROR", destinations: to(GROUP) }));
    const merged = mergedConfig({ base: config(), yours, theirs });

    expect(merged).toMatchObject({ taken: [], clashes: ["loggingConfiguration"] });
    expect(merged.config.loggingConfiguration.level).toBe("ERROR");
    expect(withTheirs(merged.config, theirs, merged.clashes).loggingConfiguration.level).toBe("ALL");
  });

  test("do not meet where both have done the same", () => {
    const both = mergedConfig({ base: config(), yours: config(traced), theirs: config(traced) });

    expect(both).toMatchObject({ taken: [], clashes: [] });
  });
});

describe("what is wrong", () => {
  const problems = (part: Partial<Config>, stored: Config | null = null) =>
    Object.fromEntries(problemsIn(config(part), stored));

  test("is nothing of one that is as usual", () => {
    expect(problems({})).toEqual({});
    expect(problems({ ...newConfig("order", ROLE) })).toEqual({});
  });

  test("is said of each part", () => {
    expect(problems({ name: "an order" })).toHaveProperty("name");
    expect(problems({ roleArn: "ships" })).toHaveProperty("roleArn");
    expect(problems(logging({ level: "ALL" }))).toHaveProperty("logGroup");
    expect(problems(logging({ destinations: to(GROUP.slice(0, -2)) }))).toHaveProperty("logGroup");
    const key = { type: "CUSTOMER_MANAGED_KMS_KEY", kmsDataKeyReusePeriodSeconds: 5 };
    expect(Object.keys(problems({ encryptionConfiguration: key }))).toEqual(["key", "reuse"]);
  });

  test("is said of the tag that it is wrong with", () => {
    const tags = [
      { key: "a", value: "1" },
      { key: "", value: "2" },
      { key: "a", value: "3" },
      { key: "", value: "" },
      { key: "k".repeat(129), value: "" },
    ];

    expect(Object.keys(problems({ tags }))).toEqual(["tags/1", "tags/2", "tags/4"]);
    expect(problems({ tags: Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: "" })) })).toEqual({
      tags: "At most 50 tags are allowed.",
    });
  });

  test("is not looked for in what is stored so, as a manifest may have it", () => {
    const stored = config(logging({ level: "ALL" }));

    expect(problems({ loggingConfiguration: stored.loggingConfiguration }, stored)).toEqual({});
    expect(problems(logging({ level: "ERROR" }), stored)).toHaveProperty("logGroup");
  });
});

describe("an account of a cluster", () => {
  test("is called by its name, in the place of a role", () => {
    expect(accountShown(ROLE, HERE)).toBe("ships");
    expect(roleOf("ships", HERE)).toBe(ROLE);
    expect(accountOf(ROLE)).toBe("ships");
  });

  test("is the operator's own where none is named", () => {
    const nobody = roleOf(" ", HERE);

    expect(nobody).toBe("arn:aws:iam::123456789012:role/stepwright");
    expect(accountShown(nobody, HERE)).toBe("");
    expect(accountOf(nobody)).toBeNull();
  });

  test("of elsewhere stays the role that it is", () => {
    const other = "arn:aws:iam::999999999999:role/path/Ships";

    expect(accountShown(other, HERE)).toBe(other);
    expect(roleOf(other, HERE)).toBe(other);
    expect(accountOf(other)).toBe("ships");
  });
});

test("a setting is named in a few words", () => {
  const given = config({
    ...logging({ level: "ERROR", includeExecutionData: true, destinations: to(usualGroup(HERE, "order")) }),
    encryptionConfiguration: { type: "CUSTOMER_MANAGED_KMS_KEY", kmsKeyId: "alias/orders" },
    tags: [{ key: "team", value: "logistics" }],
  });

  expect(said("loggingConfiguration", given)).toBe(
    "ERROR, with inputs and outputs, arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/order:*",
  );
  expect(said("encryptionConfiguration", given)).toBe("One of yours, alias/orders");
  expect(said("tracingConfiguration", given)).toBe("off");
  expect(said("tags", given)).toBe("team=logistics");
  expect(said("tags", config())).toBe("none");
});
