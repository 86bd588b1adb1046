"""What the reader and the writer of a distributed Map are asked for: the parameters of their tasks."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert

from stepwright.asl.json_types import Json


class Reading(Struct, frozen=True, rename="pascal"):
    """The parameters of a reader: what ItemReader says, evaluated. It answers ``{"items": [...]}``."""

    resource: str
    parameters: Any
    reader_config: dict[str, Any]


class Writing(Struct, frozen=True, rename="pascal"):
    """The parameters of a writer: what ResultWriter says, evaluated, and what each child execution came to, in the order of
    their items, described as in AWS's files of results. It answers with ResultWriterDetails."""

    resource: str
    parameters: Any
    writer_config: dict[str, Any]
    map_run_arn: str
    results: list[dict[str, Any]]


def reading(parameters: Json) -> Reading:
    return convert(parameters, Reading)


def writing(parameters: Json) -> Writing:
    return convert(parameters, Writing)
