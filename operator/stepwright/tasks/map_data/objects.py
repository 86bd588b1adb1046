"""Objects of S3, read piece by piece, listed page by page and written whole. Everything here blocks: it is for threads."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.aws.calling import (
    AnswerTooLarge,
    Client,
    MayNotConnect,
    NoAnswer,
    ServiceAnswer,
    ServiceRefused,
)
from stepwright.catalog.ports import NoConnection
from stepwright.tasks.calls.services import ClientOf

PIECE_BYTES: Final = 1024 * 1024
"""As much is read at once."""

_GZIP: Final = zlib.MAX_WBITS | 16
_CHANGED: Final = "PreconditionFailed"
_BEYOND: Final = "InvalidRange"
_FOR_NOW: Final = frozenset({"SlowDown", "Throttling", "RequestTimeout"})


class NotRead(Exception):  # noqa: N818 - it names a condition
    """The object could not be read, listed or written. The sentence is that of AWS's SDK for Java. ``passes``: it may be
    possible later."""

    def __init__(self, cause: str, *, passes: bool = False) -> None:
        super().__init__(cause)
        self.passes = passes


class Bucket:
    """``expected_owner``: the account that has to own it, if one was named."""

    def __init__(self, client_of: ClientOf, name: str, expected_owner: str | None = None) -> None:
        self._client_of = client_of
        self.name = name
        self._owner = {} if expected_owner is None else {"ExpectedBucketOwner": expected_owner}

    def object(self, key: str, version: str | None = None) -> Object:
        return Object(self, key, version)

    def objects(self, asked: Mapping[str, Json]) -> Iterator[list[Json]]:
        """The pages of a list, described as Step Functions describes objects."""
        continued: dict[str, Json] = {}
        while True:
            said = self.call("ListObjectsV2", {**asked, **continued}).members
            yield [_described(found) for found in said.get("Contents", ())]
            if not said.get("IsTruncated"):
                return
            continued = {"ContinuationToken": said.get("NextContinuationToken")}

    def put(self, key: str, text: str) -> None:
        self.call("PutObject", {"Key": key, "Body": text.encode(), "ContentType": "application/json"})

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        """Raises NotRead."""
        try:
            client: Client = self._client_of("s3")
            return client.call(operation, {"Bucket": self.name, **self._owner, **given})
        except ServiceRefused as refused:
            passes = refused.status >= 500 or refused.status == 429 or refused.code in _FOR_NOW
            raise _Refused(refused, passes=passes) from refused
        except NoAnswer as none:
            raise NotRead(f"Unable to execute HTTP request: {none}", passes=True) from none
        except (NoConnection, MayNotConnect, AnswerTooLarge) as error:
            raise NotRead(str(error)) from error


class Object:
    """Of a bucket. All of it is read of the version that was found first: a change meanwhile is an error, never a mixture."""

    def __init__(self, bucket: Bucket, key: str, version: str | None, tag: str | None = None) -> None:
        """``tag``: the ETag that it must have."""
        self._bucket = bucket
        self.key = key
        self.version = version
        self.tag = tag

    def pieces(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its content from one byte up to another, or to its end. Raises NotRead."""
        at, size = first, end
        while size is None or at < size:
            upto = at + PIECE_BYTES if size is None else min(size, at + PIECE_BYTES)
            body, whole = self._range(at, upto)
            size = whole if end is None else min(end, whole)
            at += len(body)
            if body:
                yield body
            if not body and at < size:
                raise NotRead(f"The object {self.key} ends before its last byte.", passes=True)

    def content(self) -> Iterator[bytes]:
        """The pieces of its content, unpacked if its name says that it is packed by gzip. Raises NotRead."""
        return _unpacked(self.pieces(), self.key) if self.key.endswith(".gz") else self.pieces()

    def size(self) -> int:
        """In bytes. Raises NotRead."""
        return self._range(0, 1)[1]

    def _range(self, first: int, end: int) -> tuple[bytes, int]:
        """These bytes, and how many the object has."""
        asked: dict[str, Any] = {"Key": self.key, "Range": f"bytes={first}-{end - 1}"}
        if self.version is not None:
            asked["VersionId"] = self.version
        if self.tag is not None:
            asked["IfMatch"] = self.tag
        try:
            said = self._bucket.call("GetObject", asked).members
        except _Refused as refused:
            if refused.code == _BEYOND:
                return b"", first  # it is empty, or ends just there
            if refused.code == _CHANGED:
                raise NotRead(f"The object {self.key} was changed while it was read.") from refused
            raise
        self.tag = said.get("ETag", self.tag)
        version = said.get("VersionId")
        if version not in (None, "null"):
            self.version = version
        body: bytes = said["Body"]
        total = str(said.get("ContentRange", "")).rpartition("/")[2]
        return body, int(total) if total.isdigit() else first + len(body)


class _Refused(NotRead):
    def __init__(self, said: ServiceRefused, *, passes: bool) -> None:
        extended = "" if said.extended_id is None else f"; S3 Extended Request ID: {said.extended_id}"
        super().__init__(
            f"{said.message} (Service: Amazon S3; Status Code: {said.status}; Error Code: {said.code}; "
            f"Request ID: {said.request_id}{extended}; Proxy: null)",
            passes=passes,
        )
        self.code = said.code


def _described(found: Mapping[str, Any]) -> Json:
    described: dict[str, Json] = {
        "Etag": found.get("ETag"),
        "Key": found.get("Key"),
        "LastModified": int(found["LastModified"].timestamp()) if "LastModified" in found else None,
        "Size": found.get("Size"),
        "StorageClass": found.get("StorageClass"),
    }
    return {name: value for name, value in described.items() if value is not None}


def _unpacked(pieces: Iterator[bytes], key: str) -> Iterator[bytes]:
    """Files of gzip may follow one another in one. A piece may become a thousand times as long, so it is handed on in parts."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if unpacking.eof:
                    unpacking = zlib.decompressobj(_GZIP)
                if part := unpacking.decompress(rest, PIECE_BYTES):
                    yield part
                rest = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
    except zlib.error as error:
        raise NotRead(f"The object {key} cannot be unpacked: {error}.") from error
    if not unpacking.eof:
        raise NotRead(f"The object {key} cannot be unpacked: it ends within a file of gzip.")
