"""What is stored of an execution, compared with what this process knows to have written there: functions of both.

A restored etcd has an earlier state, an administrator can write anything, and another process may have gone on.
"""

from __future__ import annotations

from enum import Enum

from stepwright.cluster import consistency, record
from stepwright.cluster.consistency import Edited
from stepwright.cluster.record import Record
from stepwright.cluster.stored import Stored


class Relation(Enum):
    FOLLOWS = "it is what this process wrote last, or follows that"
    RESTORED = "it was written at another time: etcd was restored"
    EDITED = "no operator has written it"


def relation(found: Stored, known: Record) -> Relation:
    """Another commit of the known number is neither it nor later; if only its id differs, somebody has edited that."""
    if found.seq > known.seq or (found.seq == known.seq and found.commit_id == known.commit_id):
        return Relation.FOLLOWS
    written = found.status.get("seal")
    if found.seq == known.seq and written in (None, record.seal_of(known)):
        return Relation.FOLLOWS
    # Nobody who edits the number has a seal for it: with one, this was written here, and etcd was restored since.
    return Relation.EDITED if written is None else Relation.RESTORED


def is_from_before(found: Stored, known: Record) -> bool:
    """Of one that has not begun, as it is stored, and was begun here: whether the object shows no write since it was taken up.
    Then etcd was restored to a time before its first commit, when it had no seal. Resource versions of one resource can be
    compared (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions)."""
    now, then = found.version, known.version
    return now.isdecimal() and then.isdecimal() and int(now) <= int(then)


def is_as_written(found: Stored, known: Record | None) -> bool:
    """Whether nobody else has changed the status. Whatever is newer than what is known was written by another process."""
    if known is not None and found.seq <= known.seq and _shown(found) != _shown_by(known):
        return False
    try:
        consistency.check(found)
    except Edited:
        return False
    return True


def _shown(found: Stored) -> tuple[object, ...]:
    status = found.status
    return (
        found.seq,
        status.get("commitId"),
        status.get("operator"),
        status.get("transitions"),
        status.get("conditions"),
    )


def _shown_by(known: Record) -> tuple[object, ...]:
    return known.seq, known.commit_id, known.operator, known.transitions, known.conditions
