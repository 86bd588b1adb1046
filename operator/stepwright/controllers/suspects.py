"""Which executions operators have died under, as Leases show it: decided from what is known at one moment.

After two deaths under one execution no operator of that version takes it up. It waits until somebody releases it, or until
another version of Stepwright comes. Each is recorded in an object of its own: a Lease, since operators have the right to those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from stepwright import __version__
from stepwright.controllers import member_lease
from stepwright.controllers.member_lease import MemberLease, Metadata
from stepwright.engine.ports import ExecutionRef, Uid

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
    """An execution under which operators of this ``version`` died. ``deaths``: the names of their Leases, the newest last."""

    ref: ExecutionRef
    deaths: tuple[str, ...]
    version: str
    stored: Metadata | None = None
    """Where it is recorded, if it is."""

    @property
    def quarantined(self) -> bool:
        return self.version == __version__ and len(self.deaths) >= MOST_DEATHS

    @property
    def key(self) -> str:
        """What releases it: different for each quarantine, so that an earlier annotation does not."""
        return blake2b(",".join(self.deaths).encode(), digest_size=4).hexdigest()

    @property
    def manifest(self) -> dict[str, Any]:
        """The Lease that records it, to be created, or to replace ``stored`` on condition that nobody has written since."""
        metadata: dict[str, Any] = {
            "name": name_of(self.ref.uid),
            "labels": {member_lease.LABEL: COMPONENT},
            "annotations": {
                EXECUTION: member_lease.written_reference(self.ref),
                DEATHS: ",".join(self.deaths),
                member_lease.WRITER: self.version,
            },
        }
        if self.stored is not None:
            metadata |= {"uid": self.stored.uid, "resourceVersion": self.stored.resourceVersion}
        return {
            "apiVersion": member_lease.API_VERSION,
            "kind": "Lease",
            "metadata": metadata,
            "spec": {"holderIdentity": self.deaths[-1]},
        }


def name_of(uid: str) -> str:
    """Of the Lease that records the execution of this uid."""
    return PREFIX + blake2b(uid.encode(), digest_size=8).hexdigest()


def recorded(leases: Iterable[MemberLease]) -> dict[Uid, Suspect]:
    """Those that a list of all Leases shows."""
    return {found.ref.uid: found for found in map(read, leases) if found is not None}


def read(lease: MemberLease) -> Suspect | None:
    """None if the Lease records nothing of the kind."""
    metadata = lease.metadata
    if metadata.labels.get(member_lease.LABEL) != COMPONENT or not metadata.name.startswith(PREFIX):
        return None
    ref = member_lease.read_reference(metadata.annotations.get(EXECUTION, ""))
    if ref is None:
        return None
    deaths = tuple(name for name in metadata.annotations.get(DEATHS, "").split(",") if name)
    return Suspect(ref, deaths, lease.version, metadata)


def after_death(known: Suspect | None, lease: MemberLease, ref: ExecutionRef) -> Suspect | None:
    """What is to be recorded once the holder of ``lease`` has died under this execution; None if that is recorded already.
    Deaths of another version do not count for this one."""
    before = () if known is None or known.version != lease.version else known.deaths
    name = lease.metadata.name
    if name in before:
        return None
    return Suspect(
        ref, (*before, name)[-MOST_DEATHS:], lease.version, None if known is None else known.stored
    )


def quarantined(suspects: Mapping[Uid, Suspect]) -> set[Uid]:
    return {uid for uid, found in suspects.items() if found.quarantined}
