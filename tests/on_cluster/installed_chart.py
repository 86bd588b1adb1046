"""Stepwright in the cluster as its chart installs it, and the people who use it there.

Everything an installation brings is gone after its tests, also when they fail, but for the CRDs, which the chart keeps.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.resources.helm_found import OLDEST
from tests.on_cluster.kubectl import Kube, Object
from tests.on_cluster.rights import Right, Where
from tests.processes.operators import ROOT
from tests.testcluster import Cluster, ClusterUnavailable, images
from tests.testcluster.audit import Audit

CHART = ROOT / "charts" / "stepwright"
RELEASE = "stepwright"
IMAGE: Object = {"repository": "localhost/stepwright", "tag": "dev", "pullPolicy": "IfNotPresent"}
RBAC = "rbac.authorization.k8s.io"
_built = pytest.StashKey[bool]()
OF_THE_CLUSTER = (
    "validatingadmissionpolicybinding",
    "validatingadmissionpolicy",
    "clusterrolebinding",
    "clusterrole",
    "flowschema",
    "prioritylevelconfiguration",
    "priorityclass",
)
"""Kinds of the chart's objects that are in no namespace, but for the CRDs."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Build the image before the first test that asks for it: no test's time limit covers minutes."""
    if "image_on_nodes" in getattr(item, "fixturenames", ()) and not item.config.stash.get(_built, False):
        item.config.stash[_built] = True
        # What is missing is reported by the fixture, to the tests that it concerns.
        with contextlib.suppress(ClusterUnavailable):
            images.build_operator_image(ROOT)
    return (yield)


@pytest.fixture(scope="session")
def image_on_nodes(cluster: Cluster) -> str:
    """The operator's image, built from this checkout, on every node."""
    if not cluster.can("load-image"):
        pytest.skip(f"a cluster of kind {cluster.kind!r} cannot be given the operator's image")
    cluster.load_image(images.build_operator_image(ROOT))
    return f"{IMAGE['repository']}:{IMAGE['tag']}"


@pytest.fixture(scope="module")
def vacant(cluster: Cluster, image_on_nodes: str, request: pytest.FixtureRequest) -> Cluster:
    """The cluster with the operator's image, and without the operator that other tests share and that serves all
    namespaces."""
    assert image_on_nodes
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") != "own":
        request.getfixturevalue("shared_operator").stop()
    return cluster


class Installation:
    """One release of the chart, in a namespace of its own, for some namespaces."""

    def __init__(self, cluster: Cluster, namespace: str, watched: Sequence[str], folder: Path) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.watched = tuple(watched)
        self.user = f"system:serviceaccount:{namespace}:{RELEASE}"
        self._folder = folder
        self.system = Kube(cluster, namespace)

    def install(self, *, chart: Path = CHART, **values: Any) -> None:
        """Install, or upgrade to these values. Returns once the operator is ready."""
        file = self._folder / "values.yaml"
        file.write_text(yaml.safe_dump(self.values(**values)))
        # The CRDs are there already, put by whoever tests on this cluster, too.
        flags = ("--values", str(file), "--take-ownership", "--wait", "--timeout", "90s")
        try:
            self.cluster.helm(
                "upgrade", "--install", RELEASE, str(chart), "--namespace", self.namespace, *flags
            )
        except Exception as error:
            raise AssertionError(f"{error}\n{self.describe()}") from error

    def values(self, **values: Any) -> Object:
        return {"image": IMAGE, "watchNamespaces": list(self.watched), "replicas": 1, **values}

    def uninstall(self) -> None:
        self.cluster.helm("uninstall", RELEASE, "--namespace", self.namespace, "--wait", "--timeout", "60s")

    def objects(self, **values: Any) -> list[Object]:
        """What the chart renders for these values."""
        file = self._folder / "rendered-values.yaml"
        file.write_text(yaml.safe_dump(self.values(**values)))
        place = ("-n", self.namespace, "--kube-version", OLDEST)
        text = self.cluster.helm("template", RELEASE, str(CHART), *place, "--values", str(file))
        return [item for item in yaml.safe_load_all(text) if item]

    def pods(self) -> list[Object]:
        """The operator's pods that have not been told to end."""
        found = self.system.list(
            "pods", "-l", "app.kubernetes.io/name=stepwright,!batch.kubernetes.io/job-name"
        )
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def ask(self, port: int, path: str) -> str:
        """What the operator answers to a GET; by way of the API server, which reaches pods everywhere."""
        name = self.pods()[0]["metadata"]["name"]
        return self.cluster.kubectl(
            "get", "--raw", f"/api/v1/namespaces/{self.namespace}/pods/{name}:{port}/proxy{path}"
        )

    def log(self) -> str:
        return self.system("logs", f"deployment/{RELEASE}", "--tail=-1")

    def restart(self) -> None:
        self.system("rollout", "restart", f"deployment/{RELEASE}")
        self.system("rollout", "status", f"deployment/{RELEASE}", "--timeout=60s")

    def describe(self) -> str:
        shown = self.system("get", "events,pods", "-o", "wide", check=False)
        logs = ("logs", "-l", f"app.kubernetes.io/instance={RELEASE}", "--tail=40")
        told = [self.system(*logs, *which, check=False) for which in ((), ("--previous",))]
        return "\n".join([shown, *told])

    def remove(self) -> None:
        """Leave nothing of it, whatever state it is in."""
        with contextlib.suppress(Exception):
            self._delete_machines()
        self.cluster.helm(
            "uninstall", RELEASE, "--namespace", self.namespace, "--wait", "--no-hooks", check=False
        )
        # A release whose installation was broken off may have left some.
        kinds = ",".join(OF_THE_CLUSTER)
        for name in self.cluster.kubectl("get", kinds, "-o", "name", check=False).split():
            if f"/{self.namespace}-" in name:
                self.cluster.kubectl("delete", name, "--ignore-not-found", check=False)
        for namespace in (*self.watched, self.namespace):
            self.cluster.kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")

    def _delete_machines(self) -> None:
        """With the operator's consent while there is one, else without: they would keep their namespaces for ever."""
        namespaces = [Kube(self.cluster, namespace) for namespace in self.watched]
        for kube in namespaces:
            kube("delete", "executions,statemachines", "--all", "--wait=false", check=False)
        seconds = 15 if self.pods() else 0
        for kube in namespaces:
            kube("wait", "--for=delete", "statemachines", "--all", f"--timeout={seconds}s", check=False)
            for machine in kube.list("statemachines"):
                free = ("--type=merge", "-p", '{"metadata":{"finalizers":null}}')
                kube("patch", "sm", machine["metadata"]["name"], *free, check=False)


@contextlib.contextmanager
def installation(
    cluster: Cluster, folder: Path, *, watching: int = 1, labels: Sequence[str] = (), **values: Any
) -> Iterator[Installation]:
    """The chart installed for that many fresh namespaces, which carry the labels."""
    stem = f"test-{uuid.uuid4().hex[:8]}"
    watched = [f"{stem}-{number}" for number in range(watching)]
    found = Installation(cluster, f"{stem}-system", watched, folder)
    try:
        for name in (found.namespace, *watched):
            cluster.kubectl("create", "namespace", name)
        for name in watched:
            for label in labels:
                cluster.kubectl("label", "namespace", name, label)
        cluster.kubectl(
            "label", "namespace", found.namespace, "pod-security.kubernetes.io/enforce=restricted"
        )
        found.install(**{name: _filled(value, watched) for name, value in values.items()})
        yield found
    finally:
        found.remove()


def _filled(value: Any, watched: Sequence[str]) -> Any:
    return value(watched) if callable(value) else value


def copy_of_chart(folder: Path) -> Path:
    target = folder / "stepwright"
    shutil.copytree(CHART, target)
    return target


class Person(Kube):
    """kubectl as somebody who has some rights in one namespace, and none elsewhere."""

    def __init__(self, cluster: Cluster, namespace: str, name: str) -> None:
        super().__init__(cluster, namespace)
        self.name = name
        self.user = f"system:serviceaccount:{namespace}:{name}"

    def __call__(self, *arguments: str, input: str | None = None, check: bool = True) -> str:
        return super().__call__("--as", self.user, *arguments, input=input, check=check)

    def _created(self, objects: Sequence[Object]) -> Sequence[Object]:
        return objects  # by kubectl, as this person

    def create(self, body: Object) -> str:
        """What kubectl prints, errors included."""
        return self("create", "-f", "-", input=json.dumps(body), check=False)

    def patch(self, kind: str, name: str, patch: Any, *more: str) -> str:
        form = "json" if isinstance(patch, list) else "merge"
        return self("patch", kind, name, f"--type={form}", "-p", json.dumps(patch), *more, check=False)


def person(kube: Kube, name: str, *rules: tuple[str, str, str]) -> Person:
    """A ServiceAccount with a Role. A rule is API group, resources and verbs, each list with commas; a resource may
    be given as ``serviceaccounts:NAME``."""
    made = [_rule(*rule) for rule in rules]
    metadata = {"name": name, "namespace": kube.namespace}
    subject = {"kind": "ServiceAccount", **metadata}
    kube.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": made},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
            "subjects": [subject],
        },
    )
    return Person(kube.cluster, kube.namespace, name)


def _rule(group: str, resources: str, verbs: str) -> Object:
    rule: Object = {"apiGroups": [group], "verbs": verbs.split(",")}
    names = [resource.partition(":")[2] for resource in resources.split(",")]
    rule["resources"] = sorted({resource.partition(":")[0] for resource in resources.split(",")})
    return {**rule, "resourceNames": names} if all(names) else rule


def await_answer(ask: Callable[[], str], wanted: str, seconds: float = 30) -> None:
    """Ask until the answer has the wanted words: the API server takes up a policy or a role within a second or so."""
    deadline = time.monotonic() + seconds
    while wanted not in (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not answered {wanted!r} within {seconds} s, but: {answer}")
        time.sleep(0.2)


class Requests:
    """All that one user asked of the API server since a moment, reads included, as the audit log has it."""

    def __init__(self, audit: Audit, user: str, since: int) -> None:
        self.entries = [entry for entry in audit.entries(since) if entry["user"].get("username") == user]
        self._own_namespace = user.split(":")[2]

    @property
    def has_reads(self) -> bool:
        return any(entry["verb"] in ("get", "list", "watch") for entry in self.entries)

    def used(self) -> set[Right]:
        """What was allowed to the user itself. Acting as an account uses the verb impersonate and, beyond that, the
        account's rights."""
        used = {self._right(entry) for entry in self.entries if _code(entry) != 403}
        return {right for right in used if right.resource}

    def refused(self) -> list[str]:
        return [
            f"{entry['verb']} {entry['requestURI']}: {entry.get('responseStatus', {}).get('message', '')}"
            for entry in self.entries
            if _code(entry) == 403 and "impersonatedUser" not in entry
        ]

    def _right(self, entry: Object) -> Right:
        if "impersonatedUser" in entry:
            return Right("served", "", "serviceaccounts", "impersonate")
        target = entry.get("objectRef", {})
        resource = "/".join(filter(None, (target.get("resource", ""), target.get("subresource", ""))))
        where: Where = "own" if target.get("namespace") == self._own_namespace else "served"
        return Right(where, target.get("apiGroup", ""), resource, entry["verb"])


def _code(entry: Object) -> int:
    return int(entry.get("responseStatus", {}).get("code", 0))
