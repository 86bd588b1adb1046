"""What a user does with kubectl, as a test says it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import yaml

from tests.on_cluster import api_requests
from tests.testcluster import Cluster

Object = dict[str, Any]
Objects = list[Object]

ENDED = ("Succeeded", "Failed", "TimedOut", "Aborted")
#: A Job in the smallest image that has a shell; examples use the same.
IMAGE = "busybox:1.37"


class Kube:
    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace

    def __call__(self, *arguments: str, input: str | None = None, check: bool = True) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments, input=input, check=check)

    def apply(self, *objects: Object) -> None:
        left = self._created(objects)
        if left:
            self("apply", "-f", "-", input=yaml.safe_dump_all(left, sort_keys=False))

    def _created(self, objects: Sequence[Object]) -> Sequence[Object]:
        """Create what is not there yet, up to the first of them for which kubectl is needed; that one and the rest."""
        requests = api_requests.of(self.cluster.kubeconfig)
        for number, body in enumerate(objects):
            try:
                requests.apply_new(self.namespace, body)
            except api_requests.Unanswered:
                return objects[number:]
        return ()

    def refused(self, *objects: Object) -> str:
        """What kubectl prints when the API server does not take an object."""
        text = self("apply", "-f", "-", input=yaml.safe_dump_all(objects, sort_keys=False), check=False)
        assert " created" not in text, text
        return text

    def get(self, kind: str, name: str) -> Object:
        with suppress(api_requests.Unanswered):
            return api_requests.of(self.cluster.kubeconfig).get(kind, self.namespace, name)
        found: Object = json.loads(self("get", kind, name, "-o", "json"))
        return found

    def list(self, kind: str, *arguments: str) -> Objects:
        with suppress(api_requests.Unanswered):
            return api_requests.of(self.cluster.kubeconfig).items(kind, self.namespace, arguments)
        items: Objects = json.loads(self("get", kind, "-o", "json", *arguments))["items"]
        return items

    def exists(self, kind: str, name: str) -> bool:
        return bool(self("get", kind, name, "--ignore-not-found", "-o", "name").strip())

    def machine(self, name: str, definition: Object | str, **spec: Any) -> None:
        self.apply(machine(name, definition, **spec))

    def start(self, name: str, machine: str, **spec: Any) -> None:
        self.apply(execution(name, machine, **spec))

    def token(self, account: str, *audiences: str) -> str:
        """That of a ServiceAccount, for these; without any, for the API server."""
        with suppress(api_requests.Unanswered):
            return api_requests.of(self.cluster.kubeconfig).token(self.namespace, account, audiences)
        given = (f"--audience={audience}" for audience in audiences)
        return self("create", "token", account, *given).strip()

    def run(self, name: str, definition: Object | str, *, seconds: float = 60, **spec: Any) -> Object:
        """Apply a machine and an execution of the same name; the Execution once it has ended."""
        self.machine(name, definition)
        self.start(name, name, **spec)
        return self.ended(name, seconds=seconds)

    def ended(self, name: str, *, seconds: float = 60) -> Object:
        return self.until("execution", name, lambda found: phase(found) in ENDED, seconds=seconds)

    def until(
        self, kind: str, name: str, condition: Callable[[Object], Any], *, seconds: float = 60
    ) -> Object:
        """The object once the condition holds for it."""
        began = time.monotonic()
        while True:
            found = self.get(kind, name)
            if condition(found):
                return found
            waited = time.monotonic() - began
            if waited > seconds:
                shown = yaml.safe_dump(found.get("status"), sort_keys=False)
                raise AssertionError(f"{kind} {name} is not as awaited after {seconds} s:\n{shown}")
            time.sleep(min(max(0.05, waited / 20), 0.3))

    def history(self, name: str) -> Objects:
        """All events of an execution in order, pages included, doubles dropped."""
        status = self.get("execution", name).get("status") or {}
        events = [json.loads(event) for event in status.get("history") or ()]
        previous = (status.get("historyPage") or {}).get("previous")
        while previous:
            page = self.get("executionhistory", previous)
            events = [json.loads(event) for event in page["events"]] + events
            previous = page.get("previous")
        return [*{event["id"]: event for event in events}.values()]


def machine(name: str, definition: Object | str, **spec: Any) -> Object:
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "StateMachine",
        "metadata": {"name": name},
        "spec": {"definition": definition, **spec},
    }


def execution(name: str, machine: str, **spec: Any) -> Object:
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Execution",
        "metadata": {"name": name},
        "spec": {"stateMachineRef": {"name": machine}, **spec},
    }


def job(script: str, **more: Any) -> Object:
    """A Task state that runs a shell script as a Job; ``more`` are further fields of the state."""
    parameters = {"image": IMAGE, "command": ["sh", "-c", script], **more.pop("parameters", {})}
    state = {"Type": "Task", "Resource": "k8s:job", "Parameters": parameters, **more}
    return state if "Next" in state else {**state, "End": True}


def one(state: Object) -> Object:
    """A definition of one state."""
    return {"StartAt": "Only", "States": {"Only": state}}


def phase(execution: Object) -> str:
    return (execution.get("status") or {}).get("phase") or "Pending"


def output(execution: Object) -> Any:
    return json.loads(execution["status"]["output"])


def condition(found: Object, type: str) -> Object:
    """A condition of an object; an empty one where it has none of that type."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c["type"] == type), {})
