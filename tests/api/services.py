"""A service of which a test says what it needs; to ask it for anything else is an error."""

from __future__ import annotations

from typing import Any

from stepwright.api.service import Service
from stepwright.asl.signals import Millis, TaskId
from stepwright.assembly.access import Unrestricted
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import CallingTask
from stepwright.engine.ports import ExecutionRef, Uid

ACCOUNT = "123456789012"


def a_task(place: Place, uid: str = "uid") -> CallingTask:
    """The first one of the execution with this uid, which does not wait for what it begins."""
    ref = ExecutionRef(Uid(uid), "dev", "order-7", "order", arn=place.execution("order", "order-7"))
    return CallingTask(ref, TaskId(3), Millis(0), waits=False)


def service(**given: Any) -> Service:
    absent: dict[str, Any] = dict.fromkeys(Service.__struct_fields__)
    for name in ("beside", "serves", "where"):
        del absent[name]
    always = {
        "access": Unrestricted(),
        "caller": Caller(ACCOUNT),
        "place": Place(ACCOUNT, "us-east-1"),
    }
    return Service(**{**absent, **always, **given})
