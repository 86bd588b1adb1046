"""What is written of an execution that the engine does not carry: why it waits, or why it never ran.

The writes apply on the same condition as commits (uid and ``seq``), so they can never overtake one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from stepwright.cluster import conditions, executions, timestamps
from stepwright.cluster.api import Api, ApiError, Invalid, NotFound, path_of
from stepwright.cluster.conditions import Reason
from stepwright.cluster.executions import Body
from stepwright.cluster.resources import API_VERSION, Phase
from stepwright.engine.ports import Clock, StopRequest, Unavailable

log = structlog.get_logger(__name__)


class Refusals:
    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def wait(self, body: Body, reason: Reason, detail: str) -> None:
        """Say why an execution that is Pending does not start yet."""
        new = self._conditions(body, "Pending", reason, detail)
        if new != ((body.get("status") or {}).get("conditions") or []):
            await self._write(body, {"conditions": new, "phase": "Pending"})

    async def fail(self, body: Body, reason: Reason, error: str, cause: str) -> None:
        """End an execution that cannot start or go on."""
        await self._end(body, "Failed", reason, error, cause)

    async def abort(self, body: Body, request: StopRequest) -> None:
        """End an execution that was stopped before it started."""
        await self._end(body, "Aborted", conditions.ABORTED, request.error, request.cause)

    async def _end(
        self, body: Body, phase: Phase, reason: Reason, error: str | None, cause: str | None
    ) -> None:
        detail = ": ".join(text for text in (error, cause) if text)
        fields: dict[str, Any] = {
            "phase": phase,
            "conditions": self._conditions(body, phase, reason, detail),
            "observedGeneration": body["metadata"].get("generation", 1),
            "endTime": timestamps.rfc3339(self._clock.now()),
            "currentState": "",
            "settled": True,
        }
        if error is not None:
            fields["error"] = error
        if cause is not None:
            fields["cause"] = cause
        await self._write(body, fields)

    def _conditions(self, body: Body, phase: Phase, reason: Reason, detail: str) -> list[dict[str, Any]]:
        return conditions.of_execution(
            (body.get("status") or {}).get("conditions") or [],
            phase,
            now=timestamps.seconds(self._clock.now()),
            generation=body["metadata"].get("generation", 1),
            reason=reason,
            detail=detail,
        )

    async def _write(self, body: Body, fields: Mapping[str, Any]) -> None:
        metadata = body["metadata"]
        seq = (body.get("status") or {}).get("seq") or 0
        patch = [
            {"op": "test", "path": "/metadata/uid", "value": metadata["uid"]},
            {"op": "test", "path": "/status/seq", "value": seq},
            *({"op": "add", "path": f"/status/{name}", "value": value} for name, value in fields.items()),
        ]
        path = path_of(API_VERSION, "executions", metadata["namespace"], metadata["name"], "status")
        try:
            await self._api.request(
                "PATCH", path, body=msgspec.json.encode(patch), content_type="application/json-patch+json"
            )
        except NotFound:
            return
        except Invalid as error:
            # Somebody has carried it further meanwhile; the event of that is on its way.
            log.debug("overtaken", execution=str(executions.reference(body)), reason=str(error))
        except ApiError as error:
            raise Unavailable(str(error)) from error
