"""Whether a StateMachine can run: its definition, substituted, compiled and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from stepwright.asl import definition
from stepwright.asl.definition import NO_DRIVER, TaskCheck, substitutions
from stepwright.asl.definition.substitutions import InvalidSubstitution
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.json_types import Pointer
from stepwright.asl.machine import Machine, Map, State, Task
from stepwright.asl.resource import Resource
from stepwright.asl.text import jsontext
from stepwright.cluster import conditions, diagnostics, state_machines
from stepwright.cluster.serving import Cluster
from stepwright.controllers.machine_status import Verdict
from stepwright.engine.looking_through import LooksThrough
from stepwright.engine.ports import TaskDriver
from stepwright.tasks import table

EXPRESS: Final = "Express"


class Runnable(NamedTuple):
    """``found``: warnings. ``depends``: the findings also depend on what else there is in the namespace."""

    text: str
    machine: Machine
    found: tuple[Diagnostic, ...]
    depends: bool = False


class Checking:
    def __init__(
        self,
        drivers: Sequence[TaskDriver],
        task_check: Callable[[Mapping[str, Any], str], TaskCheck],
        looked_through: LooksThrough,
    ) -> None:
        self._drivers = drivers
        self._task_check = task_check
        self._looked_through = looked_through

    async def check(self, spec: Mapping[str, Any], namespace: str) -> Runnable | Verdict:
        found: tuple[Diagnostic, ...]
        try:
            text = definition_text(spec)
            machine, found = await self._looked_through(
                text,
                partial(
                    definition.compile_definition,
                    text,
                    express=spec.get("type") == EXPRESS,
                    task_check=self._task_check(spec, namespace),
                    installation=Cluster(self._serves),
                ),
                namespace,
            )
        except InvalidSubstitution as error:
            return _invalid((Diagnostic("ERROR", "INVALID_SUBSTITUTION", str(error), error.pointer),))
        except InvalidDefinition as error:
            return _invalid(diagnostics.placed(spec, error.diagnostics))
        found = (*diagnostics.placed(spec, found), *_shared_account(spec))
        unserved = [d.message for d in found if d.code == NO_DRIVER]
        if unserved:
            return Verdict(conditions.NO_DRIVER, "; ".join(unserved), found=found)
        return Runnable(text, machine, found, _depends(machine))

    def _serves(self, resource: Resource) -> bool:
        return any(driver.serves(resource) for driver in self._drivers)


def unfit(text: bytes) -> Verdict | None:
    """The verdict on a StateMachine that is too long to be decoded at all."""
    problem = state_machines.unfit(text)
    if problem is None:
        return None
    return _invalid((Diagnostic("ERROR", "DEFINITION_TOO_LARGE", problem, Pointer("/definition")),))


def definition_text(spec: Mapping[str, Any]) -> str:
    """The definition as text, substituted: exactly as written if it came as text. Raises
    InvalidSubstitution, InvalidDefinition."""
    given: Any = spec.get("definition")
    try:
        return substitutions.definition_text(given, spec.get("definitionSubstitutions") or {})
    except jsontext.TooDeep:
        definition.compile_definition(given)  # its own limit is lower, so it reports the error
        raise


def _depends(machine: Machine) -> bool:
    return any(
        table.depends(resource)
        for scope in machine.scopes.values()
        for state in scope.states.values()
        for resource in _called(state)
    )


def _called(state: State) -> Iterator[Resource]:
    """What a task calls, and what a Map reads its items from and leaves its results in."""
    match state:
        case Task(resource=resource):
            yield resource
        case Map(reader=reader, writer=writer):
            if reader is not None:
                yield reader.resource
            if writer is not None and writer.resource is not None:
                yield writer.resource


def _invalid(found: tuple[Diagnostic, ...]) -> Verdict:
    return Verdict(conditions.INVALID_DEFINITION, diagnostics.summary(found), found=found)


def _shared_account(spec: Mapping[str, Any]) -> Iterator[Diagnostic]:
    name = spec.get("taskServiceAccountName")
    if name and name == spec.get("serviceAccountName"):
        yield Diagnostic(
            "WARNING",
            "SHARED_SERVICE_ACCOUNT",
            f"tasks run as the ServiceAccount {name!r}, as which their Jobs are made, too: a task whose pod mounts its "
            "token can make Jobs in the place of other tasks of the namespace. Give taskServiceAccountName an account "
            "of its own",
            Pointer(""),
        )
