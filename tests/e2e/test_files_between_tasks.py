"""Tasks that hand on files, as docs/tasks.md says: by a volume which an execution has to itself, and by object storage."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.on_cluster.acting import let_act_as
from tests.on_cluster.installed_chart import person
from tests.on_cluster.kubectl import IMAGE, Kube, Object, output, phase
from tests.processes.account import OperatorAccount
from tests.processes.moto import serving

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]


@pytest.fixture
def volume(stepwright: Kube, tmp_path: Path) -> Iterator[str]:
    """Storage for one claim, as a StorageClass would make it."""
    name = f"files-{stepwright.namespace}"
    spec = {
        "capacity": {"storage": "1Mi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "",
        "hostPath": {"path": str(tmp_path / "volume"), "type": "DirectoryOrCreate"},
    }
    stepwright.apply(
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
    )
    yield name
    stepwright("delete", "persistentvolume", name, "--wait=false")


def on_the_volume(script: str, following: str | None) -> Object:
    container = {
        "name": "main",
        "image": IMAGE,
        "command": ["sh", "-ec", script],
        "volumeMounts": [{"name": "files", "mountPath": "/files"}],
    }
    claim = {"name": "files", "persistentVolumeClaim": {"claimName.$": "$.files.metadata.name"}}
    pod = {"spec": {"containers": [container], "volumes": [claim]}}
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"podTemplate": pod}}
    return {**state, "ResultPath": "$.made", "Next": following} if following else {**state, "End": True}


def test_files_of_a_task_are_there_for_the_next_and_go_with_the_execution(
    stepwright: Kube, operator_account: OperatorAccount, volume: str
) -> None:
    person(
        stepwright,
        "keeper",
        ("", "persistentvolumeclaims", "create,get"),
        ("batch", "jobs", "create,patch,delete"),
    )
    let_act_as(stepwright, operator_account.user, "keeper")
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "",
        "volumeName": volume,
        "resources": {"requests": {"storage": "1Mi"}},
    }
    manifest = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"generateName": "files-"},
        "spec": claim,
    }
    create = {
        "Type": "Task",
        "Resource": "k8s:create",
        "Parameters": {"owned": True, "manifest": manifest, "select": ["metadata.name"]},
        "ResultPath": "$.files",
        "Next": "Write",
    }
    write = on_the_volume(
        'head -c 100000 /dev/zero > /files/large; echo 7 > "$STEPWRIGHT_OUTPUT_FILE"', "Read"
    )
    read = on_the_volume('wc -c < /files/large > "$STEPWRIGHT_OUTPUT_FILE"', None)
    states = {"Files": create, "Write": write, "Read": read}
    stepwright.machine("files", {"StartAt": "Files", "States": states}, serviceAccountName="keeper")
    stepwright.start("files", "files")
    ended = stepwright.ended("files", seconds=180)

    assert (phase(ended), output(ended)) == ("Succeeded", 100_000), ended["status"].get("cause")
    [made] = stepwright.list("persistentvolumeclaim")
    [owner] = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("Execution", ended["metadata"]["uid"])


# --- In object storage --------------------------------------------------------------------------------------------------

BEGIN = """
import json, os, botocore.exceptions, botocore.session
s3 = botocore.session.get_session().create_client("s3", region_name="us-east-1")
"""
WRITE = """
key = os.environ["PREFIX"] + "/large.csv"
s3.put_object(Bucket="files", Key=key, Body=b"7" * 400_000)
try:
    s3.put_object(Bucket="files", Key="others/large.csv", Body=b"7")
    elsewhere = "written"
except botocore.exceptions.ClientError as error:
    elsewhere = error.response["Error"]["Code"]
said = {"key": key, "elsewhere": elsewhere}
"""
READ = """
said = len(s3.get_object(Bucket="files", Key=os.environ["KEY"])["Body"].read())
"""
END = """
json.dump(said, open(os.environ["STEPWRIGHT_OUTPUT_FILE"], "w"))
"""


@dataclass(frozen=True)
class Storage:
    """An S3 that checks signatures and policies, and the key of somebody who may read and write below ``orders/``."""

    url: str
    id: str
    secret: str


@pytest.fixture
def storage(kube: Kube, tmp_path: Path) -> Iterator[Storage]:
    address = kube.cluster.host_address
    if address is None:
        pytest.skip("the cluster does not say at which address it reaches this machine")
    with serving(address, tmp_path) as url:
        anybody = {"endpoint_url": url, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        boto3.client("s3", region_name="us-east-1", **anybody).create_bucket(Bucket="files")
        iam = boto3.client("iam", region_name="us-east-1", **anybody)
        iam.create_user(UserName="orders")
        allowed = {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::files/orders/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_user_policy(UserName="orders", PolicyName="below-orders", PolicyDocument=policy)
        key = iam.create_access_key(UserName="orders")["AccessKey"]
        strict = urllib.request.Request(
            f"{url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"
        )
        urllib.request.urlopen(strict, timeout=60).close()
        yield Storage(url, key["AccessKeyId"], key["SecretAccessKey"])


def test_files_of_a_task_lie_in_object_storage_for_the_next_and_only_where_its_key_allows(
    stepwright: Kube, storage: Storage, image_on_nodes: str
) -> None:
    data = {
        name: base64.b64encode(value.encode()).decode()
        for name, value in (("id", storage.id), ("secret", storage.secret))
    }
    stepwright.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "files"}, "data": data})

    def storing(script: str, **more: str) -> Object:
        keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
        env: list[Object] = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": "files", "key": key}}}
            for name, key in keys.items()
        ]
        env += [{"name": "AWS_ENDPOINT_URL_S3", "value": storage.url}]
        env += [{"name": name, "value.$": value} for name, value in more.items()]
        command = ["python", "-c", BEGIN + script + END]
        return {
            "Type": "Task",
            "Resource": "k8s:job",
            "Parameters": {
                "image": image_on_nodes,
                "imagePullPolicy": "IfNotPresent",
                "command": command,
                "env": env,
            },
        }

    write = storing(WRITE, PREFIX="States.Format('orders/{}', $$.Execution.Name)")
    read = storing(READ, KEY="$.written.key")
    states: Object = {
        "Write": {**write, "ResultPath": "$.written", "Next": "Read"},
        "Read": {**read, "ResultPath": "$.bytes", "End": True},
    }
    stepwright.machine("stored", {"StartAt": "Write", "States": states})
    stepwright.start("stored", "stored")
    ended = stepwright.ended("stored", seconds=180)

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    told = output(ended)
    assert told["written"] == {"key": "orders/stored/large.csv", "elsewhere": "AccessDenied"}
    assert told["bytes"] == 400_000
    kinds = "executions,statemachines,executionhistories,controllerrevisions,jobs,pods,events"
    seen = stepwright("get", kinds, "-o", "yaml")
    assert storage.secret not in seen
    assert storage.id not in seen
