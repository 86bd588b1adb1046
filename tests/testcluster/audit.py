"""Who wrote what to the API server, read from its audit log: how API writes per execution are counted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.testcluster.interface import Unsupported

WRITE_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})


class Write(NamedTuple):
    """One request that asked to change something, and the HTTP code it was answered with."""

    verb: str
    resource: str
    subresource: str
    name: str
    namespace: str
    user: str
    userAgent: str  # noqa: N815 - the audit log's own name
    code: int
    #: When the request was done, as the log has it: 2026-01-02T03:04:05.678901Z.
    stageTimestamp: str  # noqa: N815 - the audit log's own name


class Audit:
    """Positions are byte offsets of the log, which is never rotated."""

    def __init__(self, log: Path | None) -> None:
        self._log = log

    def mark(self) -> int:
        """Position from which `writes` shows what happens next."""
        log = self._file()
        return log.stat().st_size if log.exists() else 0

    def writes(
        self,
        since: int,
        user: str | None = None,
        user_agent_prefix: str | None = None,
        namespace: str | None = None,
    ) -> list[Write]:
        """Finished writes after the position, in the order of the log, failed ones included.

        An impersonated request shows the user that it was made as, whose rights it used; `user` finds it by that
        one and by the one who made it.
        """
        return [
            write
            for entry, write in ((entry, _write(entry)) for entry in self.entries(since))
            if entry["stage"] == "ResponseComplete"
            and entry["verb"] in WRITE_VERBS
            and (user is None or user in (write.user, entry["user"].get("username")))
            and (user_agent_prefix is None or write.userAgent.startswith(user_agent_prefix))
            and (namespace is None or write.namespace == namespace)
        ]

    def await_write(self, since: int, timeout_seconds: float = 5, **wanted: Any) -> Write:
        """The first write whose fields are as wanted.

        A client may have its answer a moment before the server is done and notes the stage.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            for write in self.writes(since):
                if all(getattr(write, name) == value for name, value in wanted.items()):
                    return write
            if time.monotonic() > deadline:
                raise AssertionError(f"the audit log has no write with {wanted} after {since}")
            time.sleep(0.05)

    def entries(self, since: int) -> Iterator[dict[str, Any]]:
        """All that is in the log after the position: writes, and what service accounts read. A watch is there twice,
        when it starts and when it ends."""
        log = self._file()
        if not log.exists():
            return
        with log.open("rb") as lines:
            lines.seek(since)
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # being written right now
                yield json.loads(line)

    def _file(self) -> Path:
        if self._log is None:
            raise Unsupported("this cluster's audit log cannot be read; ask cluster.can('audit') first")
        return self._log


def _write(entry: dict[str, Any]) -> Write:
    target = entry.get("objectRef", {})
    user = entry.get("impersonatedUser") or entry["user"]
    return Write(
        verb=entry["verb"],
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        name=target.get("name", ""),
        namespace=target.get("namespace", ""),
        user=user.get("username", ""),
        userAgent=entry.get("userAgent", ""),
        code=entry.get("responseStatus", {}).get("code", 0),
        stageTimestamp=entry["stageTimestamp"],
    )
