"""Executions under which operators died, set apart before they take the next one with them.

An operator that steps an execution for long notes it in its Lease (``pulse``, ``membership``). One that finds
such a Lease expired records the death in a separate object (a Lease, since operators have the right to
those), and only then removes the expired one. After two deaths under one execution no operator of that
version takes it up. It waits until somebody releases it, or until another version of Stepwright comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import structlog

from stepwright import __version__
from stepwright.controllers import member_lease
from stepwright.controllers.member_lease import MemberLease, Metadata
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, Conflict, NotFound
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

COMPONENT: Final = "suspect"
PREFIX: Final = "stepwright-suspect-"
EXECUTION: Final = "stepwright.dev/execution"
"""Annotation: the execution under which they died."""
DEATHS: Final = "stepwright.dev/deaths"
"""Annotation: the names of the Leases of the dead, separated by commas."""
RELEASE: Final = "stepwright.dev/release"
"""Annotation of an Execution: the key from its condition releases it from quarantine."""
MOST_DEATHS: Final = 2


@dataclass(frozen=True, slots=True)
class Suspect:
    ref: ExecutionRef
    deaths: tuple[str, ...]
    version: str
    """The Leases of the operators that died."""
    stored: Metadata | None = None

    @property
    def quarantined(self) -> bool:
        return self.version == __version__ and len(self.deaths) >= MOST_DEATHS

    @property
    def key(self) -> str:
        """What releases it: different for each quarantine, so that an earlier annotation does not."""
        return blake2b(",".join(self.deaths).encode(), digest_size=4).hexdigest()


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
        self._replace({suspect.ref.uid: suspect for suspect in map(_read, leases) if suspect is not None})

    async def note_death(self, lease: MemberLease, ref: ExecutionRef) -> None:
        """Record that the holder of ``lease`` has died under an execution. Raises ApiError."""
        known = self._suspects.get(ref.uid)
        before = () if known is None or known.version != lease.version else known.deaths
        if lease.metadata.name in before:
            return
        stored = None if known is None else known.stored
        suspect = Suspect(ref, (*before, lease.metadata.name)[-MOST_DEATHS:], lease.version, stored)
        body = _manifest(suspect)
        try:
            if stored is None:
                answer = await self._api.create(self._path(), body, into=MemberLease)
            else:
                answer = await self._api.replace(self._path(_name(ref.uid)), body, into=MemberLease)
        except (AlreadyExists, Conflict, NotFound):
            return  # somebody else has just noted it
        log.warning(
            "an operator died under an execution",
            execution=str(ref),
            lease=lease.metadata.name,
            deaths=len(suspect.deaths),
            quarantined=suspect.quarantined,
        )
        written = _read(answer)
        if written is not None:
            self._replace({**self._suspects, ref.uid: written})

    async def forget(self, uid: Uid, api: Api | None = None) -> None:
        """It has ended, is gone, or was released. ``api``: the caller's own, if its loop is another. Raises
        Unavailable."""
        try:
            await (api or self._api).delete(self._path(_name(uid)))
        except NotFound:
            pass
        except ApiError as error:
            raise Unavailable(str(error)) from error
        self._replace({other: suspect for other, suspect in self._suspects.items() if other != uid})

    def _replace(self, suspects: Mapping[Uid, Suspect]) -> None:
        """Never changed in place: another thread may be reading."""
        before = {uid for uid, suspect in self._suspects.items() if suspect.quarantined}
        self._suspects = suspects
        if before != {uid for uid, suspect in suspects.items() if suspect.quarantined}:
            self._changed()

    def _path(self, name: str | None = None) -> str:
        return path_of(member_lease.API_VERSION, member_lease.PLURAL, self._namespace, name)


def _name(uid: str) -> str:
    return PREFIX + blake2b(uid.encode(), digest_size=8).hexdigest()


def _manifest(suspect: Suspect) -> dict[str, object]:
    metadata: dict[str, object] = {
        "name": _name(suspect.ref.uid),
        "labels": {member_lease.LABEL: COMPONENT},
        "annotations": {
            EXECUTION: member_lease.written_reference(suspect.ref),
            DEATHS: ",".join(suspect.deaths),
            member_lease.WRITER: suspect.version,
        },
    }
    if suspect.stored is not None:
        metadata |= {"uid": suspect.stored.uid, "resourceVersion": suspect.stored.resourceVersion}
    return {
        "apiVersion": member_lease.API_VERSION,
        "kind": "Lease",
        "metadata": metadata,
        "spec": {"holderIdentity": suspect.deaths[-1]},
    }


def _read(lease: MemberLease) -> Suspect | None:
    """None if the Lease is another."""
    metadata = lease.metadata
    if metadata.labels.get(member_lease.LABEL) != COMPONENT or not metadata.name.startswith(PREFIX):
        return None
    ref = member_lease.read_reference(metadata.annotations.get(EXECUTION, ""))
    if ref is None:
        return None
    deaths = tuple(name for name in metadata.annotations.get(DEATHS, "").split(",") if name)
    return Suspect(ref, deaths, lease.version, metadata)
