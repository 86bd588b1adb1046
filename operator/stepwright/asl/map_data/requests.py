"""What the reader and the writer of a distributed Map are asked for: the parameters of their tasks."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert

from stepwright.asl.json_types import Json


class Window(Struct, frozen=True, rename="pascal"):
    """Which of the items are wanted, and cut into which pieces: at most so many pieces, each of about so many items, or ``bytes``
    of them if that is less, and of a multiple of ``step`` except for the last of all. ``after``: what the last answer gave to go
    on from."""

    pieces: int
    items: int
    step: int = 1
    after: Any = None
    bytes: int = 1024 * 1024


class Reading(Struct, frozen=True, rename="pascal"):
    """The parameters of a reader: what ItemReader says, evaluated. It answers ``{"items": [...]}``: all of them, or those of a
    ``piece``. Asked for a ``window`` it may answer with a ``Cut`` instead, if there are more items than one piece has."""

    resource: str
    parameters: Any
    reader_config: dict[str, Any]
    window: Window | None = None
    piece: Any = None


class Piece(Struct, frozen=True):
    """``count`` items, and what the reader knows them by; one with ``items`` holds them."""

    count: int
    piece: Any


class Cut(Struct, frozen=True):
    """``after`` None: there are no more."""

    pieces: list[Piece]
    after: Any = None


class Writing(Struct, frozen=True, rename="pascal"):
    """The parameters of a writer: what ResultWriter says, evaluated, and what each child execution came to, in the order of
    their items, described as in AWS's files of results. It answers with ResultWriterDetails."""

    resource: str
    parameters: Any
    writer_config: dict[str, Any]
    map_run_arn: str
    results: list[Any] = []
    part: int | None = None
    """Set by a shard: it writes only files with this number, and is answered which they are (``ResultFiles`` of a manifest)."""
    redrive: int = 0
    """How often its Map Run has been redriven: what one of its attempts has left, the next leaves alone."""
    files: dict[str, list[Any]] | None = None
    """Those that shards have written; only the manifest is to be added."""


def reading(parameters: Json) -> Reading:
    return convert(parameters, Reading)


def cut(answer: Json) -> Cut:
    return convert(answer, Cut)


def writing(parameters: Json) -> Writing:
    return convert(parameters, Writing)
