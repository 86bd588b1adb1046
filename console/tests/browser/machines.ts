/** State machines that tests look at; none needs anything but `stepwright dev`. */

export const HELLO = {
  Comment: "Greets whoever is named",
  StartAt: "Greet",
  States: {
    Greet: { Type: "Pass", Parameters: { "greeting.$": "States.Format('Hello, {}!', $.name)" }, End: true },
  },
};

/** `$.total` decides; above 1,000 it fails, after one retry. */
export const ORDER = {
  Comment: "Checks, ships and announces an order",
  StartAt: "CheckOrder",
  States: {
    CheckOrder: {
      Type: "Parallel",
      Branches: [
        { StartAt: "ValidatePayment", States: { ValidatePayment: { Type: "Pass", End: true } } },
        { StartAt: "CheckInventory", States: { CheckInventory: { Type: "Pass", End: true } } },
      ],
      ResultPath: "$.checks",
      Next: "IsLarge",
    },
    IsLarge: {
      Type: "Choice",
      Choices: [{ Variable: "$.total", NumericGreaterThan: 1000, Next: "AskSomebody" }],
      Default: "Ship",
    },
    AskSomebody: {
      Type: "Task",
      Resource: "k8s:job",
      Parameters: { command: ["sh", "-c", 'echo "a total of this size needs a person" >&2; exit 1'] },
      Retry: [{ ErrorEquals: ["Job.Failed"], IntervalSeconds: 1, MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ["States.Timeout"], Next: "Rejected" }],
      Next: "Ship",
    },
    Ship: {
      Type: "Pass",
      Parameters: { "tracking.$": "States.Format('SW-{}', $.id)" },
      ResultPath: "$.shipped",
      End: true,
    },
    Rejected: { Type: "Fail", Error: "Order.Rejected", Cause: "nobody answered" },
  },
};

/** Waits until it is stopped. */
export const PATIENT = {
  StartAt: "Wait",
  States: { Wait: { Type: "Wait", Seconds: 3600, Next: "Done" }, Done: { Type: "Succeed" } },
};

const ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:";

/** One state after the other, each of which waits for a worker. */
export const worked = (activity: string, steps: number) => ({
  StartAt: "Step1",
  States: Object.fromEntries(
    Array.from({ length: steps }, (_, index) => [
      `Step${index + 1}`,
      {
        Type: "Task",
        Resource: ACTIVITY + activity,
        ...(index + 1 < steps ? { Next: `Step${index + 2}` } : { End: true }),
      },
    ]),
  ),
});

/** An iteration for each item of `$.items`, of which those with `bad` fail. */
export const MANY = {
  StartAt: "Orders",
  States: {
    Orders: {
      Type: "Map",
      ItemsPath: "$.items",
      ItemProcessor: {
        StartAt: "Check",
        States: {
          Check: {
            Type: "Choice",
            Choices: [{ Variable: "$.bad", IsPresent: true, Next: "Refuse" }],
            Default: "Ship",
          },
          Ship: { Type: "Pass", End: true },
          Refuse: { Type: "Fail", Error: "Order.Bad" },
        },
      },
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Sorry" }],
      End: true,
    },
    Sorry: { Type: "Pass", End: true },
  },
};

/** An execution for each item, two at once, each of which waits until it is stopped. */
export const DISTRIBUTED = {
  StartAt: "Orders",
  States: {
    Orders: {
      Type: "Map",
      ItemsPath: "$.items",
      MaxConcurrency: 2,
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "Wait",
        States: { Wait: { Type: "Wait", Seconds: 3600, End: true } },
      },
      End: true,
    },
  },
};

/** Two seconds, one in each state. */
export const STEADY = {
  StartAt: "First",
  States: { First: { Type: "Wait", Seconds: 1, Next: "Second" }, Second: { Type: "Wait", Seconds: 1, End: true } },
};
