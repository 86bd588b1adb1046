"""Objects of S3, read by ranges, listed page by page and written whole. Everything here blocks: it is for threads."""

from __future__ import annotations

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
from stepwright.tasks.calls.remote_files import NotRead
from stepwright.tasks.calls.services import ClientOf
from stepwright.tasks.map_data.files import File

_CHANGED: Final = "PreconditionFailed"
_BEYOND: Final = "InvalidRange"
_FOR_NOW: Final = frozenset({"SlowDown", "Throttling", "RequestTimeout"})


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

    def put(self, key: str, content: bytes) -> None:
        self.call("PutObject", {"Key": key, "Body": content, "ContentType": "application/json"})

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


class Object(File):
    """Of a bucket."""

    def __init__(self, bucket: Bucket, key: str, version: str | None, tag: str | None = None) -> None:
        super().__init__(f"The object {key}", key, version, tag)
        self._bucket = bucket

    def range(self, first: int, end: int) -> tuple[bytes, int]:
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
                raise self.changed() from refused
            raise
        self.tag = said.get("ETag", self.tag)
        version = said.get("VersionId")
        if version not in (None, "null"):
            self.version = version
        body: bytes = said["Body"]
        total = str(said.get("ContentRange", "")).rpartition("/")[2]
        return body, int(total) if total.isdigit() else first + len(body)


class _Refused(NotRead):
    """The sentence is that of AWS's SDK for Java."""

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
