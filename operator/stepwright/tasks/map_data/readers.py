"""The items of a distributed Map, as its ItemReader reads them from S3: listed objects, the content of one, or of all that a
list or a manifest names.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reader_config, reading
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.map_data.requests import Reading
from stepwright.asl.resource import parse
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.services import ClientOf
from stepwright.tasks.map_data import manifests
from stepwright.tasks.map_data.objects import Bucket, Object

GET: Final = "arn:aws:states:::s3:getObject"
LIST: Final = "arn:aws:states:::s3:listObjectsV2"

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of items as JSON; more are never handed on together."""

_LISTS: Final = ("Prefix", "StartAfter", "MaxKeys", "Delimiter", "FetchOwner", "RequestPayer")


def read(wanted: Reading, client_of: ClientOf) -> Json:
    """What answers a reader's task. Raises StateError, NotRead."""
    config = reader_config.of(wanted.reader_config)
    return {"items": _bounded(islice(_items(wanted, config, client_of), config.most))}


def _items(wanted: Reading, config: ReaderConfig, client_of: ClientOf) -> Iterator[Json]:
    bucket = Bucket(client_of, _text(wanted, "Bucket"), _optional(wanted, "ExpectedBucketOwner"))
    match parse(wanted.resource).text:
        case text if text == LIST:
            asked = {name: wanted.parameters[name] for name in _LISTS if name in wanted.parameters}
            for page, _ in bucket.objects(asked):
                if not config.loads:
                    yield from page
                    continue
                for found in page:
                    assert isinstance(found, dict)
                    yield from content(config, bucket.object(str(found["Key"])))
        case text if text == GET:
            named = bucket.object(_text(wanted, "Key"), _optional(wanted, "VersionId"))
            if config.manifest is None:
                yield from content(config, named)
                return
            files, of_files = manifests.read(config, named, client_of)
            for file in files:
                yield from content(of_files, file)
        case _:
            raise failed(f"An ItemReader reads by {GET} or {LIST}, not by {wanted.resource}.")


def content(config: ReaderConfig, file: Object) -> Iterator[Json]:
    """All items of a file. Raises StateError, NotRead."""
    if config.input_type == "PARQUET":
        from stepwright.tasks.map_data import parquet  # noqa: PLC0415 - an optional install, and large

        return parquet.items(file)
    return reading.of_pieces(config, file.content())


def _bounded(items: Iterator[Json]) -> list[Json]:
    found, size = [], 0
    for item in items:
        size += len(jsontext.dump(item)) + 1
        if size > MOST_BYTES:
            raise failed(
                f"The items take more than {MOST_BYTES:,} bytes as JSON, which is more than a Map takes at once here. MaxItems "
                "reads fewer of them."
            )
        found.append(item)
    return found


def _text(wanted: Reading, name: str) -> str:
    value = _optional(wanted, name)
    if not value:
        raise failed(f"The {name} of an ItemReader must be a text that is not empty.")
    return value


def _optional(wanted: Reading, name: str) -> str | None:
    value = wanted.parameters.get(name) if isinstance(wanted.parameters, dict) else None
    return value if isinstance(value, str) else None
