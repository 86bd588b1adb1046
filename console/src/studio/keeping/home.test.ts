import { beforeEach, expect, test, vi } from "vitest";
import { ApiFailure } from "../../api/client";
import type { Machine, Tag } from "../../api/machines";
import * as studio from "../../api/studio";
import type { Config } from "../../editing/config";
import { Conflict, machineHome } from "./home";

vi.mock("../../api/studio");

const ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:order";
const TEXT = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}';
const OTHER = TEXT.replaceAll("A", "B");
const home = machineHome(ARN);

/** As the server has it. */
let kept: Machine;
let tags: Tag[];

beforeEach(() => {
  vi.resetAllMocks();
  kept = {
    stateMachineArn: ARN,
    name: "order",
    type: "STANDARD",
    creationDate: 0,
    status: "ACTIVE",
    definition: TEXT,
    roleArn: "arn:aws:iam::123456789012:role/any",
  };
  tags = [{ key: "team", value: "logistics" }];
  vi.mocked(studio.describe).mockImplementation(() => Promise.resolve(kept));
  vi.mocked(studio.tagsOf).mockImplementation(() => Promise.resolve(tags));
});

async function read() {
  const base = await home.read();
  if (!base?.config) throw new Error("it is not there");
  return { base, config: base.config };
}

const traced = (config: Config): Config => ({ ...config, tracingConfiguration: { enabled: true } });

test("only what is another is sent", async () => {
  const { base, config } = await read();

  await home.write(OTHER, base, config);
  await home.write(TEXT, base, traced(config));

  expect(vi.mocked(studio.updateMachine).mock.calls).toEqual([
    [ARN, { definition: OTHER }],
    [ARN, { tracingConfiguration: { enabled: true } }],
  ]);
  expect(studio.changeTags).not.toHaveBeenCalled();
});

test("tags have operations of their own", async () => {
  const { base, config } = await read();
  const changed = [{ key: "cost", value: "7" }];

  await home.write(TEXT, base, { ...config, tags: changed });

  expect(studio.updateMachine).not.toHaveBeenCalled();
  expect(vi.mocked(studio.changeTags).mock.calls).toEqual([[ARN, changed, ["team"]]]);
});

test("where tags are refused, saving once more writes them alone", async () => {
  const { base, config } = await read();
  const wanted = { ...traced(config), tags: [] };
  vi.mocked(studio.updateMachine).mockImplementation(() => {
    kept = { ...kept, tracingConfiguration: { enabled: true } };
    return Promise.resolve();
  });
  vi.mocked(studio.changeTags).mockRejectedValueOnce(new ApiFailure(400, "TooManyTags", "too many"));

  await expect(home.write(TEXT, base, wanted)).rejects.toThrow("too many");
  await home.write(TEXT, base, wanted);

  expect(studio.updateMachine).toHaveBeenCalledTimes(1);
  expect(studio.changeTags).toHaveBeenCalledTimes(2);
});

test("a setting that somebody else has changed is not written over", async () => {
  const { base, config } = await read();
  kept = { ...kept, roleArn: "arn:aws:iam::123456789012:role/another" };

  const writing = home.write(TEXT, base, traced(config));

  await expect(writing).rejects.toThrow(Conflict);
  await expect(writing).rejects.toMatchObject({ theirs: { config: { roleArn: kept.roleArn } } });
  expect(studio.updateMachine).not.toHaveBeenCalled();
});

test("one that was deleted is created anew with all that belongs to it", async () => {
  const { base, config } = await read();
  vi.mocked(studio.describe).mockRejectedValue(new ApiFailure(400, "StateMachineDoesNotExist", "gone"));
  // Whichever says so first.
  vi.mocked(studio.tagsOf).mockRejectedValueOnce(new ApiFailure(400, "ResourceNotFound", "gone"));

  await expect(home.write(TEXT, base, traced(config))).rejects.toThrow(Conflict);
  await home.write(TEXT, { ...base, tag: null }, traced(config));

  expect(vi.mocked(studio.createMachine).mock.calls[0]?.[0]).toMatchObject({
    name: "order",
    type: "STANDARD",
    definition: TEXT,
    tracingConfiguration: { enabled: true },
    tags,
  });
});
