"""A module for each verb: ``make`` makes its request, ``find`` looks for what an earlier one has made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource, parse
from stepwright.tasks.calls.integration import Again
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.parameters import EKS_CALL, EKS_RUN_JOB
from stepwright.tasks.kubernetes.verbs import (
    apply,
    call,
    create,
    delete,
    get,
    list_,
    logs,
    patch,
    run_job,
    scale,
    sync,
    wait,
)

__all__ = ["OF", "Verb"]


@dataclass(frozen=True, slots=True)
class Verb:
    """All raise CallFailed, ApiError. ``find``: None if nothing was made; only for FIND. ``follow`` and ``stop``: of tasks that
    wait for the end of what ``make`` begins, with what that gave. ``again``: of the parameters, if it depends on these. ``waits``: ``make`` may take days."""

    make: Callable[[Asked], Awaitable[Json]]
    again: Again | Callable[[Any], Again] = Again.HARMLESS
    find: Callable[[Asked], Awaitable[Json]] | None = None
    follow: Callable[[Asked, Any], Awaitable[Json]] | None = None
    stop: Callable[[Asked, Any], Awaitable[None]] | None = None
    waits: bool = False


def _sync(begin: sync.Begin) -> Verb:
    return Verb(sync.by(begin), Again.FIND, sync.find, sync.follow, sync.stop)


OF: Final[Mapping[Resource, Verb]] = {
    EKS_CALL: Verb(call.make, call.again),
    EKS_RUN_JOB: Verb(run_job.make, Again.FIND, run_job.find),
} | {
    parse(f"k8s:{name}"): verb
    for name, verb in {
        "get": Verb(get.make),
        "list": Verb(list_.make),
        "create": Verb(create.make, Again.FIND, create.find),
        "create.sync": _sync(create.create),
        "apply": Verb(apply.make),
        "apply.sync": _sync(apply.apply),
        "patch": Verb(patch.make, Again.FIND, patch.find),
        "scale": Verb(scale.make),
        "delete": Verb(delete.make, Again.FIND, delete.find),
        "wait": Verb(wait.make, waits=True),
        "logs": Verb(logs.make),
    }.items()
}
