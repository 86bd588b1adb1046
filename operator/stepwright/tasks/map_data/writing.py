"""Writes the results of a distributed Map to S3."""

from __future__ import annotations

from stepwright.asl.failure.errors import RESULT_WRITER_FAILED, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.map_data import result_files
from stepwright.asl.map_data.requests import Writing
from stepwright.asl.resource import parse
from stepwright.tasks.calls.services import ClientOf
from stepwright.tasks.map_data.objects import Bucket
from stepwright.tasks.map_data.resources import PUT


def write(wanted: Writing, client_of: ClientOf) -> Json:
    """The manifest comes last: where it is, all it names is there. Raises StateError, NotRead."""
    if parse(wanted.resource) != PUT:
        raise StateError(RESULT_WRITER_FAILED, f"A ResultWriter writes by {PUT}, not by {wanted.resource}.")
    written = result_files.of(wanted)
    owner = wanted.parameters.get("ExpectedBucketOwner")
    bucket = Bucket(client_of, written.bucket, owner if isinstance(owner, str) else None)
    for key, content in written.files:
        bucket.put(key, content)
    return dict(written.details)
