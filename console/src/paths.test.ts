import { expect, test } from "vitest";
import { executionArn, executionOf, machineArn, place } from "./api/arns";
import { machinePath } from "./paths";

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
