"""AWS's services called in a cluster: moto's server plays AWS, where the operator reaches it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.on_cluster import acting
from tests.on_cluster.installed_chart import person
from tests.on_cluster.kubectl import Kube, Object, condition, one, output, phase
from tests.processes.account import OperatorAccount
from tests.processes.moto import serving
from tests.processes.operators import OperatorProcess

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

CANARY = "canary-of-the-secret"
ROLE = "arn:aws:iam::123456789012:role/orders"
AUDIT = "arn:aws:iam::123456789012:role/audit"
OTHER = "arn:aws:iam::123456789012:role/admin"


@pytest.fixture
def aws(kube: Kube, tmp_path: Path) -> Iterator[str]:
    address = kube.cluster.host_address
    if address is None:
        pytest.skip("the cluster does not say at which address it reaches this machine")
    with serving(address, tmp_path) as url:
        yield url


@pytest.fixture
def at_work(kube: Kube, own_operator: OperatorProcess, operator_account: OperatorAccount) -> Kube:
    """With an operator that may act as the account ``orders``, which may read the Secret ``aws`` and itself."""
    person(
        kube,
        "orders",
        ("", "secrets:aws", "get"),
        ("", "serviceaccounts:orders", "get"),
        ("", "serviceaccounts/token:orders", "create"),
    )
    own_operator.start()
    acting.let_act_as(kube, operator_account.user, "orders")
    keys = {"id": "AKIAOFTHESECRET00000", "secret": CANARY}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in keys.items()}
    for name in ("aws", "foreign"):
        kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})
    return kube


def connection(name: str, *, account: str | None = "orders", **aws: Any) -> Object:
    spec: Object = {"aws": {"region": "eu-central-1", **aws}}
    if account is not None:
        spec["serviceAccountName"] = account
    return {"apiVersion": "stepwright.dev/v1", "kind": "Connection", "metadata": {"name": name}, "spec": spec}


def key(secret: str = "aws") -> Object:
    return {
        "accessKey": {
            "accessKeyIdFrom": {"secretKeyRef": {"name": secret, "key": "id"}},
            "secretAccessKeyFrom": {"secretKeyRef": {"name": secret, "key": "secret"}},
        }
    }


def task(action: str, **more: Any) -> Object:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{action}", "Parameters": {}, "End": True, **more}


WHO = "aws-sdk:sts:getCallerIdentity"


def test_a_state_machine_calls_aws_by_a_connection_whose_key_is_in_a_secret(
    aws: str, at_work: Kube, own_operator: OperatorProcess
) -> None:
    at_work.apply(connection("aws", endpointUrl=aws, credentials=key()))
    queue = task("aws-sdk:sqs:createQueue", Parameters={"QueueName": "orders"})
    send = task("sqs:sendMessage", Parameters={"QueueUrl.$": "$.QueueUrl", "MessageBody": {"order": 7}})
    queue["Next"] = "Send"
    del queue["End"]
    definition = {"StartAt": "Make", "States": {"Make": queue, "Send": send}}
    at_work.machine("calls", definition, connections=["aws"])
    at_work.start("calls", "calls")
    ended = at_work.ended("calls")

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    assert "MessageId" in output(ended)
    ready = at_work.until("conn", "aws", lambda found: condition(found, "Ready").get("status") == "True")
    assert condition(ready, "Ready")["reason"] == "Usable"
    kinds = "executions,statemachines,executionhistories,connections,events,controllerrevisions"
    assert CANARY not in at_work("get", kinds, "-o", "yaml")
    assert CANARY not in own_operator.log_path.read_text()


def each(bucket: str, parameters: Object, **config: Any) -> Object:
    """A Map over an object of S3, whose results go to the same bucket."""
    double = {"Type": "Pass", "Parameters": {"twice.$": "States.Format('{}{}', $.n, $.n)"}, "End": True}
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Bucket": bucket, **parameters},
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", **config},
        },
        "ItemProcessor": {"ProcessorConfig": mode, "StartAt": "D", "States": {"D": double}},
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": bucket, "Prefix": "out"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
        },
        "End": True,
    }


def test_a_map_reads_its_items_from_s3_and_leaves_its_results_there(aws: str, at_work: Kube) -> None:
    s3 = boto3.client(
        "s3", endpoint_url=aws, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="data", Key="few.csv", Body=b"n\n" + b"".join(b"%d\n" % n for n in range(90)))
    s3.put_object(Bucket="data", Key="long.csv", Body=b"n\n" + b"x" * 5_000_000)
    at_work.apply(
        connection("aws", endpointUrl=aws, credentials=key()),
        connection("stranger", endpointUrl=aws, credentials=key(), account="stranger"),
    )
    for name, object, named in (
        ("few", "few.csv", "aws"),
        ("long", "long.csv", "aws"),
        ("stranger", "few.csv", "stranger"),
    ):
        at_work.machine(name, one(each("data", {"Key": object})), connections=[named])
        at_work.start(name, name)
    at_work.machine("unnamed", one(each("data", {"Key": "few.csv"})))
    few, long, stranger = (at_work.ended(name) for name in ("few", "long", "stranger"))

    assert phase(few) == "Succeeded", few["status"].get("cause")
    manifest = output(few)["ResultWriterDetails"]
    files = json.loads(s3.get_object(Bucket="data", Key=manifest["Key"])["Body"].read())["ResultFiles"]
    (written,) = files["SUCCEEDED"]
    results = json.loads(s3.get_object(Bucket="data", Key=written["Key"])["Body"].read())
    assert results == [{"twice": f"{n}{n}"} for n in range(90)]

    for failed, cause in (
        (
            long,
            "The items that were read take 5,000,010 bytes as JSON, and a Map reads at most 4,194,304 here.",
        ),
        (stranger, "The Secret aws cannot be read as stranger: "),
    ):
        assert failed["status"]["error"] == "States.ItemReaderFailed"
        assert cause in failed["status"]["cause"]
    found = at_work.until("sm", "unnamed", lambda found: condition(found, "Ready").get("status") == "False")
    assert "/ItemReader/Resource" in json.dumps(found["status"])
    assert "NO_CONNECTION" in json.dumps(found["status"])


def test_a_connections_account_assumes_a_role_by_web_identity_and_tasks_the_roles_it_lists(
    aws: str, at_work: Kube
) -> None:
    identity = {"webIdentity": {"roleArn": ROLE}}
    at_work.apply(connection("aws", endpointUrl=aws, credentials=identity, roles=[AUDIT]))
    at_work.until("conn", "aws", lambda found: condition(found, "Ready").get("status") == "True")
    for name, role in (("own", None), ("listed", AUDIT), ("unlisted", OTHER)):
        credentials = {} if role is None else {"Credentials": {"RoleArn": role}}
        at_work.machine(name, one(task(WHO, **credentials)), connections=["aws"])
        at_work.start(name, name)

    own, listed, unlisted = (at_work.ended(name) for name in ("own", "listed", "unlisted"))
    assert ":assumed-role/orders/stepwright." in output(own)["Arn"]
    assert ":assumed-role/audit/stepwright." in output(listed)["Arn"]
    assert unlisted["status"]["error"] == "States.Permissions"
    assert f"does not list the role {OTHER}" in unlisted["status"]["cause"]
    # It was said before, and is not any more once the Connection allows it.
    assert "ROLE_NOT_ALLOWED" in json.dumps(at_work.get("sm", "unlisted")["status"])
    at_work.apply(connection("aws", endpointUrl=aws, credentials=identity, roles=[AUDIT, OTHER]))
    at_work.until(
        "sm", "unlisted", lambda found: "ROLE_NOT_ALLOWED" not in json.dumps(found.get("status", {}))
    )


def test_what_is_lacking_is_said_in_the_tasks_error(aws: str, at_work: Kube) -> None:
    at_work.apply(
        connection("foreign", endpointUrl=aws, credentials=key("foreign")),
        connection("stranger", endpointUrl=aws, credentials=key(), account="stranger"),
        connection("metadata", endpointUrl="http://169.254.169.254", credentials=key()),
        connection("loopback", endpointUrl="http://127.0.0.1:8080", credentials=key()),
        connection("own", account=None),
    )
    cases = {
        "foreign": ("foreign", {}, "The Secret foreign cannot be read as orders: "),
        "stranger": ("stranger", {}, "The Secret aws cannot be read as stranger: "),
        "metadata": ("metadata", {}, "The host 169.254.169.254 may not be connected to at 169.254.169.254"),
        "loopback": ("loopback", {}, "The host 127.0.0.1 may not be connected to at 127.0.0.1"),
        "nobody": ("own", {}, "There are no credentials for AWS: "),
        "no-role": (
            "own",
            {"serviceAccountName": "orders"},
            "The ServiceAccount orders has no role at AWS: ",
        ),
    }
    for name, (named, more, _) in cases.items():
        at_work.machine(name, one(task(WHO)), connections=[named], **more)
        at_work.start(name, name)
    at_work.machine("unnamed", one(task(WHO)))
    message = {"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/1/q", "MessageBody.$": "$$.Task.Token"}
    waits = task("sqs:sendMessage.waitForTaskToken", Parameters=message)
    at_work.machine("token", one(waits), connections=["own"])
    for name, (_, _, cause) in cases.items():
        status = at_work.ended(name)["status"]
        assert (name, status["error"]) == (name, "States.Permissions"), status["cause"]
        assert status["cause"].startswith(cause), status["cause"]
    for name, reason in (("unnamed", "NO_CONNECTION"), ("token", "NoDriver")):
        found = at_work.until("sm", name, lambda found: condition(found, "Ready").get("status") == "False")
        assert reason in json.dumps(found["status"])
    refused = at_work.refused(connection("shown", endpointUrl=aws))
    assert "an endpoint takes credentials of its own" in refused


def test_a_state_machines_account_goes_to_aws_with_its_token_as_the_role_of_its_annotation(
    at_work: Kube,
) -> None:
    """Whether or not AWS can be reached from here, it lets nobody of a test's cluster in: what can be seen is what it was asked."""
    at_work("annotate", "serviceaccount", "orders", f"eks.amazonaws.com/role-arn={ROLE}")
    at_work.apply(connection("own", account=None))
    at_work.machine("irsa", one(task(WHO)), connections=["own"], serviceAccountName="orders")
    at_work.start("irsa", "irsa")
    status = at_work.ended("irsa", seconds=120)["status"]

    assert status["error"] in ("Sts.SdkClientException", "States.Permissions"), status
    assert "AssumeRoleWithWebIdentity" in status["cause"]
