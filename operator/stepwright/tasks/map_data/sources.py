"""What an ItemReader names: listed objects, the content of one, or of all that a list or a manifest names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reading
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.map_data.requests import Reading
from stepwright.asl.resource import parse
from stepwright.tasks.calls.services import ClientOf
from stepwright.tasks.map_data import manifests
from stepwright.tasks.map_data.objects import Bucket, Object

GET: Final = "arn:aws:states:::s3:getObject"
LIST: Final = "arn:aws:states:::s3:listObjectsV2"

_LISTS: Final = ("Prefix", "StartAfter", "MaxKeys", "Delimiter", "FetchOwner", "RequestPayer")

Place = dict[str, Any]
"""Behind an item: what ``items`` goes on from."""


def divisible(wanted: Reading, config: ReaderConfig, client_of: ClientOf) -> Object | None:
    """The one object whose content is read, if that can begin anywhere within. Raises States.ItemReaderFailed."""
    if parse(wanted.resource).text != GET or config.manifest is not None or config.input_type == "PARQUET":
        return None
    named = _object(wanted, client_of)
    return None if named.key.endswith(".gz") else named


def items(
    wanted: Reading, config: ReaderConfig, client_of: ClientOf, after: Place
) -> Iterator[tuple[Json, Place]]:
    """All items behind that place, each with its own. Raises StateError, NotRead."""
    match parse(wanted.resource).text:
        case text if text == LIST:
            return _listed(wanted, config, client_of, after)
        case text if text == GET:
            return _of_files(wanted, config, client_of, after)
        case _:
            raise failed(f"An ItemReader reads by {GET} or {LIST}, not by {wanted.resource}.")


def _listed(
    wanted: Reading, config: ReaderConfig, client_of: ClientOf, after: Place
) -> Iterator[tuple[Json, Place]]:
    """Objects are listed in the order of their keys, so the last key is where a list goes on."""
    bucket = _bucket(wanted, client_of)
    asked = {name: wanted.parameters[name] for name in _LISTS if name in wanted.parameters}
    before = after.get("key")
    if before is not None:
        asked["StartAfter"] = before
    for page in bucket.objects(asked):
        for found in page:
            assert isinstance(found, dict)
            key = str(found["Key"])
            if not config.loads:
                yield found, {"key": key}
                continue
            yield from _rows(config, bucket.object(key), {} if before is None else {"key": before}, after)
            before, after = key, {}


def _of_files(
    wanted: Reading, config: ReaderConfig, client_of: ClientOf, after: Place
) -> Iterator[tuple[Json, Place]]:
    named = _object(wanted, client_of)
    if config.manifest is None:
        yield from _rows(config, named, {}, after)
        return
    named.tag, named.version = after.get("manifest"), after.get("version", named.version)
    files, of_files = manifests.read(config, named, client_of)
    for number, file in enumerate(files):
        if number >= after.get("file", 0):
            place = {"file": number, "manifest": named.tag, "version": named.version}
            yield from _rows(of_files, file, place, after if after.get("file") == number else {})


def _rows(config: ReaderConfig, file: Object, place: Place, after: Place) -> Iterator[tuple[Json, Place]]:
    """Of a file that is read from its beginning, those behind a row."""
    rows = after.get("row", 0)
    file.tag = after.get("tag")
    for number, item in enumerate(_content(config, file), start=1):
        if number > rows:
            yield item, {**place, "row": number, "tag": file.tag}


def _content(config: ReaderConfig, file: Object) -> Iterator[Json]:
    if config.input_type == "PARQUET":
        from stepwright.tasks.map_data import parquet  # noqa: PLC0415 - an optional install, and large

        return parquet.items(file)
    return reading.of_pieces(config, file.content())


def _bucket(wanted: Reading, client_of: ClientOf) -> Bucket:
    return Bucket(client_of, _text(wanted, "Bucket"), _optional(wanted, "ExpectedBucketOwner"))


def _object(wanted: Reading, client_of: ClientOf) -> Object:
    return _bucket(wanted, client_of).object(_text(wanted, "Key"), _optional(wanted, "VersionId"))


def _text(wanted: Reading, name: str) -> str:
    value = _optional(wanted, name)
    if not value:
        raise failed(f"The {name} of an ItemReader must be a text that is not empty.")
    return value


def _optional(wanted: Reading, name: str) -> str | None:
    given: Mapping[str, Json] = wanted.parameters if isinstance(wanted.parameters, dict) else {}
    value = given.get(name)
    return value if isinstance(value, str) else None
