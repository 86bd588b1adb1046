"""Executions under which operators died, set apart before they take the next one with them.

An operator that steps an execution for long notes it in its Lease (``pulse``, ``membership``). One that finds
such a Lease expired records the death in a separate object, and only then removes the expired one. What is recorded, and what
follows from it, is decided in ``suspects``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import structlog

from stepwright.controllers import member_lease, suspects
from stepwright.controllers.member_lease import MemberLease
from stepwright.controllers.suspects import Suspect
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, NotFound
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)


class Quarantine:
    """``holds`` and ``suspects`` may be called in any thread. ``changed`` is called when the set of
    quarantined executions changes."""

    def __init__(self, api: Api, namespace: str, changed: Callable[[], None] = lambda: None) -> None:
        self._api = api
        self._namespace = namespace
        self._changed = changed
        self._suspects: Mapping[Uid, Suspect] = {}

    @property
    def suspects(self) -> Mapping[Uid, Suspect]:
        return self._suspects

    def holds(self, uid: str) -> bool:
        suspect = self._suspects.get(Uid(uid))
        return suspect is not None and suspect.quarantined

    def take(self, leases: Iterable[MemberLease]) -> None:
        """Take over what a list of all Leases shows."""
        self._replace(suspects.recorded(leases))

    async def note_death(self, lease: MemberLease, ref: ExecutionRef) -> None:
        """Record that the holder of ``lease`` has died under an execution. Raises ApiError."""
        suspect = suspects.after_death(self._suspects.get(ref.uid), lease, ref)
        if suspect is None:
            return
        try:
            if suspect.stored is None:
                answer = await self._api.create(self._path(), suspect.manifest, into=MemberLease)
            else:
                path = self._path(suspects.name_of(ref.uid))
                answer = await self._api.replace(path, suspect.manifest, into=MemberLease)
        except (AlreadyExists, Conflict, NotFound):
            return  # somebody else has just noted it
        log.warning(
            "an operator died under an execution",
            execution=str(ref),
            lease=lease.metadata.name,
            deaths=len(suspect.deaths),
            quarantined=suspect.quarantined,
        )
        written = suspects.read(answer)
        if written is not None:
            self._replace({**self._suspects, ref.uid: written})

    async def forget(self, uid: Uid, api: Api | None = None) -> None:
        """It has ended, is gone, or was released. ``api``: the caller's own, if its loop is another. Raises
        Unavailable."""
        try:
            await (api or self._api).delete(self._path(suspects.name_of(uid)))
        except NotFound:
            pass
        except ApiError as error:
            raise Unavailable(str(error)) from error
        self._replace({other: found for other, found in self._suspects.items() if other != uid})

    def _replace(self, known: Mapping[Uid, Suspect]) -> None:
        """Never changed in place: another thread may be reading."""
        before = suspects.quarantined(self._suspects)
        self._suspects = known
        if before != suspects.quarantined(known):
            self._changed()

    def _path(self, name: str | None = None) -> str:
        return path_of(member_lease.API_VERSION, member_lease.PLURAL, self._namespace, name)
