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
