"""``k8s:create.sync`` and ``k8s:apply.sync``: an object that runs something, to its end. A stop deletes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import structlog

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.kube.api_errors import Conflict, Forbidden, NotFound
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.kubernetes import answers, conditions, defining, ending, errors
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.defining import Defined
from stepwright.tasks.kubernetes.ending import Ends

log = structlog.get_logger(__name__)

Begin: TypeAlias = Callable[[Asked, Defined], Awaitable[dict[str, Any]]]


def by(begin: Begin) -> Callable[[Asked], Awaitable[Json]]:
    async def make(asked: Asked) -> Json:
        of = await defining.defined(asked)
        _ends(asked.given, of.kind.api_version, of.kind.kind)
        return defining.identity(of, await begin(asked, of))

    return make


async def find(asked: Asked) -> Json:
    of = await defining.defined(asked)
    found = await defining.made(asked, of)
    return None if found is None else defining.identity(of, found)


async def follow(asked: Asked, begun: Mapping[str, Any]) -> Json:
    place = await asked.place(begun)
    ends = _ends(asked.given, begun["apiVersion"], begun["kind"])
    what = f"{place.kind.kind} {place.name}"

    def judge(found: dict[str, Any] | None) -> Mapping[str, Any] | None:
        if found is None or found["metadata"]["uid"] != begun["uid"]:
            raise CallFailed(errors.NOT_FOUND, f"{what} was deleted while the task waited for its end.")
        if ends.failure is not None and (by := conditions.met(ends.failure, found)) is not None:
            raise CallFailed(errors.WAIT_FAILED, f"{what}: {by}")
        return found if conditions.met(ends.success, found) is not None else None

    return answers.of_object(await asked.waiting.until(place, judge), asked.given.get("select"))


async def stop(asked: Asked, begun: Mapping[str, Any] | None) -> None:
    """``begun``: what ``make`` gave; None if nobody knows whether it was called."""
    try:
        if begun is None:
            of = await defining.defined(asked)
            found = await defining.made(asked, of)
            if found is None:
                return
            begun = defining.identity(of, found)
        kind = await asked.kind(begun)
        options = {"propagationPolicy": "Background", "preconditions": {"uid": begun["uid"]}}
        await asked.api.delete(kind.path(begun["namespace"], begun["name"]), options)
    except (NotFound, Conflict):
        pass  # it is gone, or another has taken its name
    except Forbidden as error:
        log.warning(
            "what a task has begun may not be deleted and runs on",
            execution=str(asked.ref),
            reason=error.message,
        )


def _ends(given: Mapping[str, Any], api_version: str, kind: str) -> Ends:
    known = ending.of_kind(api_version, kind)
    if "successOn" in given:
        return Ends(given["successOn"], given.get("failOn"))
    if known is None:
        raise CallFailed(RUNTIME, f"Nobody knows when a {kind} has ended: say so by successOn and failOn.")
    return Ends(known.success, given.get("failOn", known.failure))
