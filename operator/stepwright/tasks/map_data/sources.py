"""What an ItemReader names: a file, listed objects of S3, or what is in all files that a list or a manifest names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol, TypeAlias

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reading
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.map_data.requests import Reading
from stepwright.tasks.calls.services import ClientOf
from stepwright.tasks.map_data import manifests, parquet
from stepwright.tasks.map_data.files import File
from stepwright.tasks.map_data.objects import Bucket, Object

_LISTS: Final = ("Prefix", "StartAfter", "MaxKeys", "Delimiter", "FetchOwner", "RequestPayer")

Place: TypeAlias = dict[str, Any]
"""Behind an item: what ``items`` goes on from."""


class Source(Protocol):
    @property
    def file(self) -> File | None:
        """The one whose content is read, if that can begin anywhere within."""

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        """All items behind that place, each with its own. Raises StateError, NotRead."""


@dataclass(frozen=True, slots=True)
class OfFile:
    config: ReaderConfig
    read: File

    @property
    def file(self) -> File | None:
        return None if self.config.input_type == "PARQUET" or self.read.is_packed else self.read

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        return _rows(self.config, self.read, {}, after)


@dataclass(frozen=True, slots=True)
class OfManifest:
    config: ReaderConfig
    manifest: Object
    client_of: ClientOf
    file: None = None

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        named = self.manifest
        named.tag, named.version = after.get("manifest"), after.get("version", named.version)
        files, of_files = manifests.read(self.config, named, self.client_of)
        for number, file in enumerate(files):
            if number >= after.get("file", 0):
                place = {"file": number, "manifest": named.tag, "version": named.version}
                yield from _rows(of_files, file, place, after if after.get("file") == number else {})


@dataclass(frozen=True, slots=True)
class OfList:
    config: ReaderConfig
    bucket: Bucket
    asked: dict[str, Json]
    file: None = None

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        """Objects are listed in the order of their keys, so the last key is where a list goes on."""
        before = after.get("key")
        asked = self.asked if before is None else {**self.asked, "StartAfter": before}
        for page in self.bucket.objects(asked):
            for found in page:
                assert isinstance(found, dict)
                key = str(found["Key"])
                if not self.config.loads:
                    yield found, {"key": key}
                    continue
                begun = {} if before is None else {"key": before}
                yield from _rows(self.config, self.bucket.object(key), begun, after)
                before, after = key, {}


def of_object(wanted: Reading, config: ReaderConfig, client_of: ClientOf) -> Source:
    """What ``s3:getObject`` names. Raises States.ItemReaderFailed."""
    named = _bucket(wanted, client_of).object(text(wanted, "Key"), _optional(wanted, "VersionId"))
    return OfFile(config, named) if config.manifest is None else OfManifest(config, named, client_of)


def of_list(wanted: Reading, config: ReaderConfig, client_of: ClientOf) -> Source:
    """What ``s3:listObjectsV2`` names. Raises States.ItemReaderFailed."""
    bucket = _bucket(wanted, client_of)
    return OfList(
        config, bucket, {name: wanted.parameters[name] for name in _LISTS if name in wanted.parameters}
    )


def text(wanted: Reading, name: str) -> str:
    """One of its parameters. Raises States.ItemReaderFailed."""
    value = _optional(wanted, name)
    if not value:
        raise failed(f"The {name} of an ItemReader must be a text that is not empty.")
    return value


def _rows(config: ReaderConfig, file: File, place: Place, after: Place) -> Iterator[tuple[Json, Place]]:
    """Of a file that is read from its beginning, those behind a row."""
    rows = after.get("row", 0)
    file.tag = after.get("tag")
    for number, item in enumerate(_content(config, file, rows), start=rows + 1):
        yield item, {**place, "row": number, "tag": file.tag}


def _content(config: ReaderConfig, file: File, skip: int) -> Iterator[Json]:
    if config.input_type == "PARQUET":
        return parquet.items(file, skip)
    return islice(reading.of_pieces(config, file.content()), skip, None)


def _bucket(wanted: Reading, client_of: ClientOf) -> Bucket:
    return Bucket(client_of, text(wanted, "Bucket"), _optional(wanted, "ExpectedBucketOwner"))


def _optional(wanted: Reading, name: str) -> str | None:
    value = wanted.parameters.get(name) if isinstance(wanted.parameters, dict) else None
    return value if isinstance(value, str) else None
