"""The errors of tasks that call AWS's services, in the words of AWS's SDKs for Java: of version 1 for optimised integrations, of
version 2 for ``aws-sdk``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, PERMISSIONS
from stepwright.aws import models, names
from stepwright.aws.calling import AnswerTooLarge, MayNotConnect, NoAnswer, ServiceRefused
from stepwright.catalog.ports import NoConnection
from stepwright.engine.ports import Unavailable
from stepwright.tasks.aws.operations import Operation
from stepwright.tasks.calls.integration import CallFailed


def refused(operation: Operation, said: ServiceRefused) -> CallFailed:
    """The service will not."""
    if operation.own is not None:
        own = operation.own
        if own.is_plain:
            return CallFailed(f"{own.prefix}.{said.status}", said.message)
        error = own.base if said.shape is None else names.optimized_error(said.shape)
        cause = (
            f"{said.message} (Service: {own.named}; Status Code: {said.status}; Error Code: {said.code}; "
            f"Request ID: {said.request_id}; Proxy: null)"
        )
        return CallFailed(f"{own.prefix}.{error}", cause)
    service = prefix(operation)
    error = f"{service}Exception" if said.shape is None else names.error(said.shape)
    extended = "" if said.extended_id is None else f", Extended Request ID: {said.extended_id}"
    cause = (
        f"{said.message} (Service: {service}, Status Code: {said.status}, Request ID: {said.request_id}{extended}) "
        f"(SDK Attempt Count: {said.attempts})"
    )
    return CallFailed(f"{service}.{error}", cause)


def unanswered(operation: Operation, why: str) -> CallFailed:
    return CallFailed(f"{prefix(operation)}.SdkClientException", why)


def prefix(operation: Operation) -> str:
    """What stands before the dot in the names of its errors."""
    if operation.own is not None:
        return operation.own.prefix
    return models.service_name(models.service(operation.service))


def known(operation: Operation) -> list[str]:
    """The errors that the model has for it, as Retry and Catch name them."""
    own = operation.own
    if own is not None and own.is_plain:
        return []
    name = names.error if own is None else names.optimized_error
    found = [name(shape.name) for shape in operation.model.error_shapes]
    base = f"{prefix(operation)}Exception" if own is None else own.base
    return [f"{prefix(operation)}.{error}" for error in (*sorted(found), base, "SdkClientException")]


_FOR_NOW: Final = frozenset(
    {
        "EC2ThrottledException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def passes(said: ServiceRefused) -> bool:
    """Whether the service may say something else later."""
    return said.status >= 500 or said.status == 429 or said.code in _FOR_NOW


@contextmanager
def told(operation: Operation) -> Iterator[None]:
    """Within it nothing is begun for a task: so what may pass is Unavailable, everything else CallFailed."""
    try:
        yield
    except ServiceRefused as said:
        if passes(said):
            raise Unavailable(f"{operation.service}: {said}") from said
        raise refused(operation, said) from said
    except NoAnswer as none:
        raise Unavailable(f"{operation.service}: {none}") from none
    except NoConnection as lacking:
        raise unanswered(operation, str(lacking)) from lacking
    except MayNotConnect as forbidden:
        raise CallFailed(PERMISSIONS, str(forbidden)) from forbidden
    except AnswerTooLarge as large:
        raise CallFailed(DATA_LIMIT_EXCEEDED, f"{large}.".capitalize()) from large
