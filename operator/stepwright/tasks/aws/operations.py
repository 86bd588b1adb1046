"""The operation of a service that a Resource names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stepwright.asl.resource import Resource
from stepwright.aws import exceptional, models, names, optimized, shapes
from stepwright.aws.shapes import Spelling
from stepwright.tasks.aws import resources


class NoOperation(Exception):  # noqa: N818 - it names a condition
    """AWS has no such service, or no such action of it that Step Functions could call. The sentence says which, and what may have
    been meant. ``retired``: it had, until the service ended."""

    def __init__(self, message: str, *, retired: bool = False) -> None:
        super().__init__(message)
        self.retired = retired


@dataclass(frozen=True, slots=True)
class Operation:
    """``service``: botocore's name of it. ``modelled``: the model that has the operation, by its name in ``aws.models``. ``name``: as
    the model has it. ``own``: what is special to an optimised integration."""

    service: str
    modelled: str
    name: str
    spelling: Spelling
    own: optimized.Service | None

    @property
    def model(self) -> Any:
        """botocore's ``OperationModel``; from a file, if it was not used for long."""
        return models.service(self.modelled).operation_model(self.name)


def modelled_in(resource: Resource) -> str:
    """The name in ``aws.models`` of the model that has the operation of a Resource, if there is one. Raises NoOperation."""
    own = optimized.find(resource)
    if own is not None:
        return own.model_of(resource.action)
    named = resources.sdk_service(resource)
    found = models.services().get(named)
    if found is None and named in exceptional.RETIRED:
        raise NoOperation(
            f"AWS has ended the service '{named}', so its tasks run only where they are mocked", retired=True
        )
    if found is None:
        raise NoOperation(f"There is no service '{named}'{_meant(named, models.services())}")
    return found


def of(resource: Resource) -> Operation:
    """Reads the service's model, if it is not in memory: a file, and up to some tenths of a second. Raises NoOperation."""
    own = optimized.find(resource)
    modelled = modelled_in(resource)
    actions = models.operations(modelled)
    name = actions.get(resource.action)
    if name is None or (own is not None and resource.action not in own.actions):
        said = f"The service '{resource.service}' has no action '{resource.action}'"
        raise NoOperation(f"{said}{_meant_action(resource, own, modelled, actions)}")
    model = models.service(modelled).operation_model(name)
    if _is_not_served(resource, model):
        raise NoOperation(
            f"Step Functions does not offer the action '{resource.action}' of '{resource.service}'"
        )
    service = modelled if own is None else own.of(resource.action)
    return Operation(service, modelled, name, _spelling(own), own)


def _spelling(own: optimized.Service | None) -> Spelling:
    if own is None:
        return shapes.SDK
    return shapes.OPTIMIZED_WITH_LISTS if own.has_all_lists else shapes.OPTIMIZED


def _is_not_served(resource: Resource, model: Any) -> bool:
    if (resources.sdk_service(resource), resource.action) in exceptional.NOT_SERVED:
        return True
    return bool(model.has_event_stream_input or model.has_event_stream_output)


def _meant_action(
    resource: Resource, own: optimized.Service | None, modelled: str, actions: Mapping[str, str]
) -> str:
    if own is None:
        return _meant(resource.action, actions)
    if resource.action in actions:
        named = names.in_resources(models.service(modelled).metadata["serviceId"])
        return f"; did you mean '{resources.SDK}{named}:{resource.action}'?"
    return _meant(resource.action, own.actions)


def _meant(name: str, known: Any) -> str:
    near = shapes.nearest(name, known)
    return "" if near is None else f"; did you mean '{near}'?"
