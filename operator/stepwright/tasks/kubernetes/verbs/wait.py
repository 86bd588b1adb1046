"""``k8s:wait``: until an object is as it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stepwright.asl.json_types import Json
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.kubernetes import answers, conditions, errors
from stepwright.tasks.kubernetes.asking import Asked


async def make(asked: Asked) -> Json:
    given = asked.given
    place = await asked.place({**given, "namespace": asked.namespace})

    def judge(found: dict[str, Any] | None) -> Mapping[str, Any] | None:
        what = f"{place.kind.kind} {place.name}"
        if "failOn" in given and (by := conditions.met(given["failOn"], found)) is not None:
            raise CallFailed(errors.WAIT_FAILED, f"{what}: {by}")
        if conditions.met(given["for"], found) is not None:
            return found or {}
        if found is None and not conditions.awaits_absence(given["for"]):
            raise CallFailed(
                errors.NOT_FOUND, f"There is no {what}. To wait until it is created, say so: created: true."
            )
        return None

    return answers.of_object(await asked.waiting.until(place, judge), given.get("select"))
