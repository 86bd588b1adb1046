"""Every folder of examples/ runs and does what its expected.yaml says, where Pod Security is enforced at its strictest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.on_cluster import acting
from tests.on_cluster.kubectl import IMAGE, Kube, output
from tests.processes.account import OperatorAccount
from tests.processes.operators import ROOT

pytestmark = pytest.mark.cluster

EXAMPLES = sorted(found.parent for found in (ROOT / "examples").glob("*/expected.yaml"))


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_example(stepwright: Kube, operator_account: OperatorAccount, folder: Path) -> None:
    stepwright("label", "namespace", stepwright.namespace, "pod-security.kubernetes.io/enforce=restricted")
    for also in ("account.yaml", "ship.yaml", "function.yaml", "jobs.yaml"):
        if (folder / also).exists():
            stepwright("apply", "-f", str(folder / also))
    account = yaml.safe_load((folder / "statemachine.yaml").read_text())["spec"].get("serviceAccountName")
    if account is not None:
        acting.let_act_as(stepwright, operator_account.user, account)
    expected = yaml.safe_load((folder / "expected.yaml").read_text())
    stepwright("apply", "-f", str(folder / "statemachine.yaml"), "-f", str(folder / "execution.yaml"))
    name = yaml.safe_load((folder / "execution.yaml").read_text())["metadata"]["name"]
    with _worker(stepwright, folder):
        ended = stepwright.ended(name)

    assert ended["status"]["phase"] == expected["phase"], ended["status"].get("cause")
    assert output(ended) == expected["output"]


@contextmanager
def _worker(kube: Kube, folder: Path) -> Iterator[None]:
    """What runs on this machine, if its README says so."""
    readme = (folder / "README.md").read_text() if (folder / "README.md").exists() else ""
    said = re.search(r"^stepwright (function work .*)$", readme, re.MULTILINE)
    if said is None:
        yield
        return
    where = [f"--namespace={kube.namespace}", f"--kubeconfig={kube.cluster.kubeconfig}"]
    command = [sys.executable, "-m", "stepwright.cli", *said[1].split(), *where]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator")}
    worker = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def test_a_task_that_a_namespace_does_not_let_run_fails_at_once(stepwright: Kube) -> None:
    """It failed after five minutes, with Job.NoPod."""
    stepwright("label", "namespace", stepwright.namespace, "pod-security.kubernetes.io/enforce=restricted")
    rooted = {
        "Type": "Task",
        "Resource": "k8s:job",
        "Parameters": {"image": IMAGE, "command": ["true"]},
        "End": True,
    }
    ended = stepwright.run("rooted", {"StartAt": "Task", "States": {"Task": rooted}})

    assert ended["status"]["error"] == "Job.Refused"
    assert "runAsNonRoot != true" in ended["status"]["cause"]


def test_every_example_says_what_is_expected_of_it() -> None:
    assert sorted(found.parent for found in (ROOT / "examples").glob("*/statemachine.yaml")) == EXAMPLES
