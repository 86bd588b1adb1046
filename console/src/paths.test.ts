import { describe, expect, test } from "vitest";
import { executionArn, executionOf, machineArn, place } from "./api/arns";
import { executionsPath, machinePath, pathOf } from "./paths";

test("names that are no words stand encoded in addresses", () => {
  expect(machinePath("123456789012", "a/b c?#")).toBe("/console/123456789012/machines/a%2Fb%20c%3F%23");
});

test("an execution is known by the names in its ARN", () => {
  const arn = executionArn(place("123456789012", "eu-west-1"), "orders", "order-7");

  expect(arn).toBe("arn:aws:states:eu-west-1:123456789012:execution:orders:order-7");
  expect(executionOf(arn)).toEqual({ machine: "orders", name: "order-7" });
});

test("each partition has its own ARNs", () => {
  expect(machineArn(place("1", "us-gov-west-1"), "m")).toMatch(/^arn:aws-us-gov:/);
  expect(machineArn(place("1", "cn-north-1"), "m")).toMatch(/^arn:aws-cn:/);
});

test("what a list is narrowed to stands behind its address, and a name that looks like a number stays a text", () => {
  expect(executionsPath("shop")).toBe("/console/shop/executions");
  expect(executionsPath("shop", { machine: "order", status: undefined, from: 17 })).toBe(
    "/console/shop/executions?machine=order&from=17",
  );
  expect(executionsPath("shop", { machine: "17" })).toBe("/console/shop/executions?machine=%2217%22");
});

describe("from an ARN to a page", () => {
  const shop = { name: "shop", account: "111111111110" };
  const of = (kind: string, ...names: string[]) => ["arn:aws:states:here", shop.account, kind, ...names].join(":");

  test.each([
    [of("stateMachine", "orders"), "/console/shop/machines/orders"],
    [of("stateMachine", "orders", "7"), "/console/shop/machines/orders/versions/7"],
    [of("stateMachine", "orders", "live"), "/console/shop/machines/orders"],
    [of("stateMachine", "orders/Each"), "/console/shop/machines/orders"],
    [of("execution", "orders", "order-7"), "/console/shop/executions/orders/order-7"],
    [of("execution", "orders/Each", "child-1"), "/console/shop/executions/orders%2FEach/child-1"],
  ])("%s is at %s", (arn, path) => {
    expect(pathOf(arn, [shop])).toBe(path);
  });

  test("a Map Run is at a place of its execution", () => {
    const run = of("mapRun", "orders/Each:0b1c");

    expect(pathOf(of("execution", "orders", "order-7"), [shop], run)).toBe(
      "/console/shop/executions/orders/order-7/map-runs/Each%3A0b1c",
    );
  });

  test("a namespace by its name, as states of a cluster are told of themselves, is that tenant", () => {
    const own = "arn:aws:states:kubernetes:shop:execution:orders:order-7";

    expect(pathOf(own, [shop])).toBe("/console/shop/executions/orders/order-7");
  });

  test("without a cluster an account is called by its digits, and so is one that nobody here may look at", () => {
    const arn = of("execution", "orders", "order-7");

    expect(pathOf(arn, [{ name: shop.account, account: shop.account }])).toBe(pathOf(arn, []));
    expect(pathOf(arn, [])).toBe("/console/111111111110/executions/orders/order-7");
  });
});
