"""The Resources of one scheme (``nats:publish``), each with what the parameters of its tasks may be: what is said about a
definition before it runs, and what a task reads when it does."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource, parse
from stepwright.tasks.calls import named_connections
from stepwright.tasks.calls.fields import Fields, finding, is_open
from stepwright.tasks.calls.integration import Call, CallFailed

CONNECTION: Final = "Connection"
"""The parameter that names a Connection, in every scheme."""


@dataclass(frozen=True, slots=True)
class Offered:
    scheme: str
    parameters: Mapping[Resource, Fields]

    @classmethod
    def of(cls, scheme: str, parameters: Mapping[str, Fields]) -> Offered:
        """``parameters`` by what follows the scheme: ``publish``, ``publish.waitForTaskToken``."""
        return cls(scheme, {parse(f"{scheme}:{name}"): fields for name, fields in parameters.items()})

    def serves(self, resource: Resource) -> bool:
        return resource in self.parameters

    def claims(self, resource: Resource) -> bool:
        """What begins like these is meant to be one of them."""
        return resource.service == self.scheme and not self.serves(resource)

    def schema(self, resource: Resource) -> dict[str, Any]:
        """Of its parameters, as JSON Schema."""
        return self.parameters[resource].schema()

    def check_for(self, spec: Mapping[str, Any]) -> TaskCheck:
        """``spec.connections`` of a StateMachine names the Connections that it may use; a definition by itself any."""
        return partial(self._check, named=(spec.get("connections") or ()) if spec else None)

    def read(self, call: Call) -> dict[str, Any]:
        """The parameters of a task that is about to run. Raises CallFailed."""
        given, resource = call.task.parameters, call.task.resource
        problem = self.parameters[resource].problem(resource, given)
        if problem is not None:
            cause = f"The Parameters of {resource} could not be used to start the Task: [{problem}]"
            raise CallFailed(RUNTIME, cause)
        assert isinstance(given, dict)
        return given

    def _check(
        self,
        resource: Resource,
        state: Mapping[str, Json],
        pointer: Pointer,
        *,
        named: Sequence[str] | None,
    ) -> Iterator[Diagnostic]:
        if resource not in self.parameters:
            yield finding(self._unknown(resource), Pointer(f"{pointer}/Resource"))
            return
        if not resource.waits_for_token:
            yield from _without_heartbeats(resource, state, pointer)
        fields = self.parameters[resource]
        yield from fields.check(resource, state, pointer)
        if CONNECTION in fields.known and named is not None:
            yield from _connection(state, pointer, named)

    def _unknown(self, resource: Resource) -> str:
        names = [each.name for each in self.parameters]
        near = difflib.get_close_matches(resource.name[:60], names, n=1, cutoff=0.5)
        known = ", ".join(f"{self.scheme}:{name}" for name in names)
        hint = f"is {self.scheme}:{near[0]} meant?" if near else f"there are {known}"
        return f"there is no {resource}; {hint}"


def _without_heartbeats(
    resource: Resource, state: Mapping[str, Json], pointer: Pointer
) -> Iterable[Diagnostic]:
    for name in ("HeartbeatSeconds", "HeartbeatSecondsPath"):
        if name in state:
            yield finding(
                f"{name} needs something that sends heartbeats, and {resource} has nothing: leave it out; "
                "TimeoutSeconds limits the whole task",
                Pointer(f"{pointer}/{name}"),
            )


def _connection(state: Mapping[str, Json], pointer: Pointer, named: Sequence[str]) -> Iterator[Diagnostic]:
    member = "Arguments" if "Arguments" in state else "Parameters"
    given = state.get(member)
    if not isinstance(given, Mapping):
        return
    at = Pointer(f"{pointer}/{member}/{CONNECTION}")
    value = given.get(CONNECTION)
    if isinstance(value, str) and not is_open(value):
        if named_connections.is_name(value) and value not in named:
            yield finding(named_connections.not_named(value), at)
    elif value is not None or f"{CONNECTION}.$" in given:
        yield finding(named_connections.from_data(CONNECTION), at, "WARNING")
