"""A namespace of an installation with its admission policies, and people with some rights each who live there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from stepwright.tasks.job import names
from tests.on_cluster.installed_chart import Installation, Person, await_answer, installation, person
from tests.on_cluster.kubectl import IMAGE, Kube, Object, execution, job, machine, one
from tests.testcluster import Cluster

ALL = "get,list,create,update,patch,delete"
STEPWRIGHT = "stepwright.dev"
UID_LABEL = {names.EXECUTION_UID: "0"}


@dataclass(frozen=True)
class Town:
    """A namespace of the installation and who lives there."""

    installed: Installation
    kube: Kube
    elsewhere: Kube
    robot: Person
    """May make Jobs, and the operator may act as it."""
    author: Person
    """May write state machines, and use no account."""
    owner: Person
    """May write state machines, and use the accounts."""
    lender: Person
    """May write state machines, and has the verb use on the accounts, but may not act as them."""
    starter: Person
    """May create executions, and read."""
    meddler: Person
    """May write all kinds of objects that Stepwright uses."""


@pytest.fixture(scope="module")
def town(vacant: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with installation(
        vacant,
        tmp_path_factory.mktemp("identity"),
        watching=2,
        labels=["pod-security.kubernetes.io/enforce=baseline", "team=orders"],
        taskServiceAccounts=lambda watched: [{"namespace": watched[0], "serviceAccounts": ["runner"]}],
        impersonate=lambda watched: [{"namespace": watched[0], "serviceAccounts": ["robot", "powerless"]}],
        policies={"namespaceSelector": {"matchLabels": {"team": "orders"}}},
    ) as installed:
        kube, elsewhere = (Kube(vacant, namespace) for namespace in installed.watched)
        jobs = ("batch", "jobs", "create,patch,delete"), ("", "secrets", "create")
        machines = (STEPWRIGHT, "statemachines", ALL)
        accounts = ",".join(
            f"serviceaccounts:{name}" for name in ("robot", "powerless", "stranger", "runner")
        )
        person(kube, "powerless")
        person(kube, "stranger", *jobs)
        person(kube, "runner")
        found = Town(
            installed,
            kube,
            elsewhere,
            robot=person(kube, "robot", *jobs),
            author=person(kube, "author", machines),
            owner=person(kube, "owner", machines, ("", accounts, "impersonate")),
            lender=person(kube, "lender", machines, ("", accounts, "use")),
            starter=person(kube, "starter", (STEPWRIGHT, "executions", "create,get")),
            meddler=person(
                kube,
                "meddler",
                (STEPWRIGHT, "executions,executions/status,statemachines/status,executionhistories", ALL),
                (STEPWRIGHT, "externaltasks,externaltasks/status", ALL),
                ("apps", "controllerrevisions,deployments,replicasets,statefulsets,daemonsets", ALL),
                ("batch", "jobs,jobs/status,cronjobs", ALL),
                ("", "pods,pods/status,secrets,replicationcontrollers", ALL),
            ),
        )
        await_policies(found)
        yield found


def await_policies(town: Town) -> None:
    """The API server takes each policy up by itself, within a second or so."""
    both = {
        **execution("probe", "m"),
        "spec": {"stateMachineRef": {"name": "m"}, "input": 1, "inputJson": "1"},
    }
    asked = [
        (town.owner, machine("probe", one(job("true")), serviceAccountName="nobody"), "may not use"),
        (town.starter, both, "exclude each other"),
        *(
            (town.meddler, body, "only ")
            for body in (history(), revision(), marked_job(), marked_pod(), secret())
        ),
    ]
    for who, body, words in asked:
        body["metadata"]["name"] = body["metadata"]["name"].replace("forged", "probe")

        def ask(who: Person = who, body: Object = body) -> str:
            return who("create", "--dry-run=server", "-f", "-", input=yaml.safe_dump(body), check=False)

        await_answer(ask, words)


# --- What they might forge -----------------------------------------------------------------------------------------------


def template(**spec: Any) -> Object:
    return {"spec": {"containers": [{"name": "main", "image": IMAGE, "command": ["true"]}], **spec}}


def history(name: str = "forged") -> Object:
    page = {"content": "Events", "firstEventId": 1, "lastEventId": 1, "events": ["{}"]}
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "ExecutionHistory",
        "metadata": {"name": name},
        "executionRef": {"name": "a", "uid": "0"},
        **page,
    }


def revision(**metadata: Any) -> Object:
    labels = metadata or {"labels": {"stepwright.dev/state-machine": "m"}}
    data = {"definition": "{}", "settings": {"serviceAccountName": "robot"}}
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "forged", **labels},
            "revision": 1, "data": data}  # fmt: skip


def marked_job(name: str = "forged") -> Object:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": UID_LABEL},
            "spec": {"template": {"spec": {**template()["spec"], "restartPolicy": "Never"}}}}  # fmt: skip


def marked_pod(**metadata: Any) -> Object:
    containers = [{"name": "main", "image": IMAGE}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "forged", "labels": UID_LABEL, **metadata},
            "spec": {"containers": containers}}  # fmt: skip


def secret() -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "forged-stepwright-input"}}


OWNER = {"apiVersion": "stepwright.dev/v1", "kind": "StateMachine", "name": "m", "uid": "0"}
JOB_OWNER = {"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "0", "controller": True}

# --- What is looked at -----------------------------------------------------------------------------------------------------


def jobs_of(town: Town, found: Object) -> list[Object]:
    return town.kube.list("jobs", "-l", f"{names.EXECUTION_UID}={found['metadata']['uid']}")


def pod_of(town: Town, found: Object) -> Object:
    [pod] = town.kube.list("pods", "-l", f"{names.EXECUTION_UID}={found['metadata']['uid']}")
    return pod
