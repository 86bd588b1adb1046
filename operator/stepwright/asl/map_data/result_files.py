"""The files in which a distributed Map leaves its results: those of child executions that succeeded and that failed, and a
manifest that names them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from stepwright.asl.failure.errors import RESULT_WRITER_FAILED, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.map_data.requests import Writing
from stepwright.asl.text import jsontext

_STATUSES = ("FAILED", "PENDING", "SUCCEEDED")

_AGAIN: dict[str, Json] = {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}
_REDRIVABLE: Mapping[Json, dict[str, Json]] = {
    "SUCCEEDED": {
        "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    },
    "PENDING": {},
}
"""As AWS has them in these files."""


@dataclass(frozen=True, slots=True)
class Written:
    """``files``: what is to be put under which key; the manifest is the last. ``details``: ResultWriterDetails, or of a shard
    how the manifest is to name its files."""

    bucket: str
    files: tuple[tuple[str, bytes], ...]
    details: Mapping[str, Json]


def of(wanted: Writing) -> Written:
    """Raises States.ResultWriterFailed if it does not say where they go."""
    bucket, prefix = (_text(wanted.parameters, name) for name in ("Bucket", "Prefix"))
    if not bucket:
        raise StateError(RESULT_WRITER_FAILED, "A ResultWriter must name a Bucket.")
    run = wanted.map_run_arn.rpartition(":")[2]
    attempt = f"Redrive-{wanted.redrive}" if wanted.redrive else ""
    folder = "/".join(part for part in (prefix.strip("/"), run, attempt) if part)
    key = f"{folder}/manifest.json"
    if wanted.files is not None:
        named: dict[str, Json] = {status: [*wanted.files.get(status, ())] for status in _STATUSES}
        files: list[tuple[str, bytes]] = []
    else:
        files, named = _results(wanted, folder)
    if wanted.part is not None:
        return Written(bucket, tuple(files), named)
    manifest: dict[str, Json] = {
        "DestinationBucket": bucket,
        "MapRunArn": wanted.map_run_arn,
        "ResultFiles": named,
    }
    files.append((key, jsontext.dump(manifest).encode()))
    return Written(bucket, tuple(files), {"Bucket": bucket, "Key": key})


def _results(wanted: Writing, folder: str) -> tuple[list[tuple[str, bytes]], dict[str, Json]]:
    """The files of results, and how a manifest names them."""
    files: list[tuple[str, bytes]] = []
    named: dict[str, Json] = {}
    lines = wanted.writer_config.get("OutputType") == "JSONL"
    for status in _STATUSES:
        results = [result for result in wanted.results if _file_of(result) == status]
        of_status: list[Json] = []
        if results:
            key = f"{folder}/{status}_{wanted.part or 0}.{'jsonl' if lines else 'json'}"
            content = _content(_transformed(results, wanted.writer_config.get("Transformation")), lines=lines)
            files.append((key, content))
            of_status.append({"Key": key, "Size": len(content)})
        named[status] = of_status
    return files, named


def _file_of(result: dict[str, Json]) -> Json:
    """As on AWS, one file has all that ended without success, whether it failed, was aborted or had no more time."""
    status = result.get("Status")
    return status if status in ("SUCCEEDED", "PENDING") else "FAILED"


def _transformed(results: list[dict[str, Json]], transformation: str | None) -> Iterator[Json]:
    """Child executions that did not succeed are described, whatever the transformation; and whether a redrive runs them again is
    added, which follows from how they ended."""
    for result in results:
        output = result.get("Output")
        if transformation not in ("COMPACT", "FLATTEN") or not isinstance(output, str):
            yield result | _REDRIVABLE.get(result.get("Status"), _AGAIN)
            continue
        value = jsontext.parse(output)
        yield from value if transformation == "FLATTEN" and isinstance(value, list) else [value]


def _content(results: Iterable[Json], *, lines: bool) -> bytes:
    """What was read from JSON can be written as JSON. A shard may have a megabyte of it, so there are no more copies of that than
    needed."""
    if lines:
        return b"".join(msgspec.json.encode(result) + b"\n" for result in results)
    content = bytearray(b"[")
    for number, result in enumerate(results):
        content += b"," if number else b""
        content += msgspec.json.encode(result)
    content += b"]"
    return bytes(content)


def _text(parameters: Json, name: str) -> str:
    value = parameters.get(name) if isinstance(parameters, dict) else None
    return value if isinstance(value, str) else ""
