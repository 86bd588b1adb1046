// StartSyncExecution and TestState: node sync.mjs ENDPOINT NAME OPTIONS
import {
  SFNClient,
  CreateStateMachineCommand,
  StartSyncExecutionCommand,
  TestStateCommand,
} from "@aws-sdk/client-sfn";

const [endpoint, name, options] = process.argv.slice(2);
const client = new SFNClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
  maxAttempts: 1,
  ...JSON.parse(options),
});
const roleArn = "arn:aws:iam::123456789012:role/any";
const state = '{"Type": "Pass", "End": true}';
const machine = await client.send(
  new CreateStateMachineCommand({
    name,
    roleArn,
    type: "EXPRESS",
    definition: `{"StartAt": "A", "States": {"A": ${state}}}`,
  }),
);
const input = '{"n": 1}';
const run = await client.send(
  new StartSyncExecutionCommand({ stateMachineArn: machine.stateMachineArn, input }),
);
const tried = await client.send(new TestStateCommand({ definition: state, roleArn, input }));
console.log(run.status, run.output, tried.status, tried.output);
