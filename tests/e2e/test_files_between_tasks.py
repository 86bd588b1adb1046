"""Tasks that hand on files by a volume which an execution has to itself, as docs/tasks.md says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.on_cluster.acting import let_act_as
from tests.on_cluster.installed_chart import person
from tests.on_cluster.kubectl import IMAGE, Kube, Object, output, phase
from tests.processes.account import OperatorAccount

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
