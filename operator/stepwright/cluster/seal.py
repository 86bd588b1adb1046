"""A mark in the status by which Stepwright knows what it has written itself.

``status.seal`` is made of three hashes: of the checkpoint, of the history events that the status holds, and
of the fields that say where the execution is (``SUMMARY``) together with the two others. An edit by hand
leaves the seal unchanged, so it is noticed when the execution is read, and the edited part can be identified.

It finds mistakes and shortcuts of people who may write the status, who are administrators; it does not keep
out somebody who computes a new seal. That would take a secret, which every replica would need and a restore
of a backup could lose, to keep out people who can read secrets anyway.

The hashes are updated with each commit: the cost depends on what is written, not on what is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from hashlib import _Hash

SUMMARY: Final = ("seq", "phase", "settled", "waitingUntil", "stateMachine")
_HASH_CHARACTERS: Final = 16

Status = Mapping[str, Any]


class Seal(NamedTuple):
    """The three hashes, which stand in the status as one text."""

    checkpoint: str
    history: str
    summary: str

    def __str__(self) -> str:
        return ".".join(self)


def of(uid: str, status: Status) -> Seal:
    """The seal that a status must have."""
    return sealed(uid, status, of_checkpoint(digests(status)), of_history(page(status)))


def sealed(uid: str, summary: Status, checkpoint: str, history: str) -> Seal:
    machine = summary.get("stateMachine") or {}
    said = (
        uid,
        str(summary.get("seq") or 0),
        summary.get("phase") or "Pending",
        "settled" if summary.get("settled") else "",
        summary.get("waitingUntil") or "",
        *(machine.get(name, "") for name in ("name", "uid", "revision")),
        checkpoint,
        history,
    )
    return Seal(checkpoint, history, _short(hashlib.sha256("\n".join(said).encode())))


def found(status: Status) -> Seal | None:
    """The seal that a status has; None if there is none, or where what stands there is not a seal."""
    fields = (status.get("seal") or "").split(".")
    return Seal(*fields) if len(fields) == len(Seal._fields) else None


def summary_holds(uid: str, status: Status) -> bool:
    """Whether the fields of ``SUMMARY`` are as they were written. Needs nothing else of the status but the seal."""
    seal = found(status)
    return seal is not None and seal == sealed(uid, status, seal.checkpoint, seal.history)


# --- What is hashed ------------------------------------------------------------------------------------------------


def digests(status: Status) -> dict[str, bytes]:
    """Of each part of the checkpoint."""
    return {part: of_part(text) for part, text in (status.get("checkpoint") or {}).items()}


def of_part(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def of_checkpoint(digests: Mapping[str, bytes]) -> str:
    """In the order of the parts' names: the API server keeps none."""
    whole = hashlib.sha256()
    for part in sorted(digests):
        whole.update(b"%b\0%b" % (part.encode(), digests[part]))
    return _short(whole)


def page(status: Status) -> _Hash:
    """Of the events that the status holds."""
    return with_events(
        new_page((status.get("historyPage") or {}).get("previous")), status.get("history") or ()
    )


def new_page(previous: str | None) -> _Hash:
    """Of a page that has no events yet; ``previous`` names the one before it."""
    return hashlib.sha256((previous or "").encode())


def with_events(page: _Hash, events: Iterable[str]) -> _Hash:
    """The hash of the page with these events after it; the one given stays as it is."""
    longer = page.copy()
    for event in events:
        longer.update(b"\0")
        longer.update(event.encode())
    return longer


def of_history(page: _Hash) -> str:
    return _short(page)


def _short(whole: _Hash) -> str:
    return whole.hexdigest()[:_HASH_CHARACTERS]
