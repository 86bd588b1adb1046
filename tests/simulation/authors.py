"""People who write StateMachines, change them, get them wrong, and delete them while executions run."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

from stepwright.asl.text import jsontext
from stepwright.cluster.resources import API_VERSION
from tests.simulation import machines
from tests.simulation.api_server import ApiServer, Body, Refusal

PUTS_RIGHT_WITHIN_SECONDS = 3.0
LOOKS_AGAIN_SECONDS = 2.0

_CHANGES = (
    "other",
    "other",
    "other",
    "earlier",
    "invalid",
    "invalid",
    "settings",
    "retention",
    "delete",
    "replace",
)

_INVALID: tuple[Any, ...] = (
    {"StartAt": "Gone", "States": {"A": {"Type": "Succeed"}}},
    {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}},
    },
    '{"StartAt": "A", "States": {"A": {"Type": ',
    "${what}",
)
"""Nothing of it can run: a state that is missing, a task that nothing serves, no JSON, a
substitution that is not made."""


class Later(Protocol):
    def __call__(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None: ...


class Authors:
    """``later``: do something after some seconds, before all can be at rest."""

    def __init__(
        self,
        server: ApiServer,
        namespace: str,
        random: Random,
        later: Later,
        trace: Callable[..., None],
        account: str,
    ) -> None:
        self._server = server
        self._namespace = namespace
        self._random = random
        self._later = later
        self._trace = trace
        self._account = account
        self._earlier: list[Any] = []

    def begin(self, names: list[str], until: float) -> None:
        """Write these, late perhaps, and change them until then. Afterwards everything is corrected."""
        random = self._random
        for name in names:
            self._later(random.choice((0.0, 0.5, 4.0)), self._create, name, random.randrange(5) == 0)
            for _ in range(random.choice((1, 2, 4))):
                self._later(random.uniform(0.5, until), self._change, name, random.choice(_CHANGES))
            self.put_right(name, until)

    def put_right(self, name: str, after: float) -> None:
        """So that what waits for it can run."""
        self._later(after + self._random.uniform(0, PUTS_RIGHT_WITHIN_SECONDS), self._put_right, name)

    # --- What they do ------------------------------------------------------------------------------------------------

    def _create(self, name: str, invalid: bool = False) -> None:
        self._trace("user", "creates StateMachine", name, "invalid" if invalid else "")
        body = {
            "apiVersion": API_VERSION,
            "kind": "StateMachine",
            "metadata": {"name": name},
            "spec": self._spec(self._random.choice(_INVALID) if invalid else self._definition()),
        }
        try:
            self._server.create("statemachines", self._namespace, body)
        except Refusal as refusal:
            self._trace("user", "create refused", name, refusal.code)

    def _change(self, name: str, how: str) -> None:
        key = ("statemachines", self._namespace, name)
        body = self._server.edited(key)
        if body is None:
            return
        self._trace("user", "changes StateMachine", name, how)
        spec = body["spec"]
        match how:
            case "other":
                spec["definition"] = self._definition()
            case "earlier":
                spec["definition"] = self._random.choice(self._earlier or [spec["definition"]])
            case "invalid":
                spec["definition"] = self._random.choice(_INVALID)
            case "settings":
                spec["taskDefaults"] = self._task_defaults(self._random.choice((10, 12, 14)))
            case "retention":
                spec["retention"] = {"ttlSecondsAfterFinished": self._random.choice((1_000, 2_000))}
            case _:
                self._server.delete(key)
                if how == "replace":
                    self._replace(name, body["metadata"]["uid"])
                return
        self._server.change(key, body)

    def _replace(self, name: str, uid: str) -> None:
        """As ``kubectl replace --force``: made again as soon as it is gone."""
        body = self._server.get("statemachines", self._namespace, name)
        if body is None:
            self._create(name)
        elif body["metadata"]["uid"] == uid and _is_being_deleted(body):
            self._later(0.05, self._replace, name, uid)

    def _put_right(self, name: str) -> None:
        body = self._server.get("statemachines", self._namespace, name)
        if self._namespace in self._server.terminating:
            return
        if body is None:
            self._create(name)
        elif _is_being_deleted(body):
            self._later(LOOKS_AGAIN_SECONDS, self._put_right, name)
        else:
            self._change(name, "other")

    # --- What they write ---------------------------------------------------------------------------------------------

    def _spec(self, definition: Any) -> dict[str, Any]:
        spec = {"definition": definition, "taskDefaults": self._task_defaults(12)}
        if self._random.randrange(4) == 0:
            spec["serviceAccountName"] = self._account
        return spec

    @staticmethod
    def _task_defaults(grace_seconds: int) -> dict[str, Any]:
        return {"ttlSecondsAfterFinished": 4, "pendingGraceSeconds": grace_seconds}

    def _definition(self) -> Any:
        made: Any = machines.make(self._random)
        if self._random.randrange(2):
            made = str(jsontext.dump(made))
        self._earlier.append(made)
        return made


def _is_being_deleted(body: Body) -> bool:
    return "deletionTimestamp" in body["metadata"]
