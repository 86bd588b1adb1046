"""``stepwright dev`` with moto's server as AWS: one variable, and tasks call its services."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.processes.dev import ROLE, DevProcess
from tests.tasks.processes.test_processes import run


@pytest.fixture(scope="module")
def dev(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    data = tmp_path_factory.mktemp("aws") / "data"
    with DevProcess(data, environment={"AWS_ENDPOINT_URL": moto}) as process:
        yield process


def aws(moto: str, service: str) -> Any:
    return boto3.client(
        service, endpoint_url=moto, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


def task(resource: str, parameters: Any, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, **fields}


def test_a_workflow_calls_services_one_after_another(dev: DevProcess, moto: str) -> None:
    queue = aws(moto, "sqs").create_queue(QueueName="in-dev")["QueueUrl"]
    states = {
        "Send": task("sqs:sendMessage", {"QueueUrl": queue, "MessageBody.$": "$"}, Next="Count"),
        "Count": task(
            "aws-sdk:sqs:getQueueAttributes",
            {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]},
            End=True,
        ),
    }

    answer = run(dev, {"StartAt": "Send", "States": states}, '{"n": 1}')

    assert json.loads(answer["output"]) == {"Attributes": {"ApproximateNumberOfMessages": "1"}}


def test_whoever_gets_a_message_answers_by_its_token(dev: DevProcess, moto: str) -> None:
    sqs, sfn = aws(moto, "sqs"), dev.client()
    queue = sqs.create_queue(QueueName="asks")["QueueUrl"]
    ask = task(
        "sqs:sendMessage.waitForTaskToken",
        {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
        End=True,
    )
    machine = sfn.create_state_machine(
        name="asks", roleArn=ROLE, definition=json.dumps({"StartAt": "Ask", "States": {"Ask": ask}})
    )["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]

    while not (received := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages")):
        pass
    token = json.loads(received[0]["Body"])["token"]
    sfn.send_task_success(taskToken=token, output='{"said": "yes"}')

    while (told := sfn.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.05)
    assert (told["status"], json.loads(told["output"])) == ("SUCCEEDED", {"said": "yes"})
    types = [event["type"] for event in sfn.get_execution_history(executionArn=execution)["events"]]
    assert "TaskSubmitted" in types


def test_a_definition_with_a_misspelt_parameter_is_not_created(dev: DevProcess) -> None:
    definition = {"StartAt": "A", "States": {"A": task("aws-sdk:sqs:listQueues", {"Prefix": "x"}, End=True)}}

    with pytest.raises(ClientError) as refused:
        dev.client().create_state_machine(name="misspelt", roleArn=ROLE, definition=json.dumps(definition))

    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
    assert (
        "The field 'Prefix' is not supported by Step Functions" in refused.value.response["Error"]["Message"]
    )
