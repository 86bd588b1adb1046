"""Manifests: objects that name the files of a data set. Those of S3 Inventory, and those that Athena's UNLOAD leaves.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html,
https://docs.aws.amazon.com/athena/latest/ug/unload.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import table
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.tasks.calls.services import ClientOf
from stepwright.tasks.map_data.objects import Bucket, Object

_BUCKET: Final = "arn:aws:s3:::"


def read(
    config: ReaderConfig, manifest: Object, client_of: ClientOf
) -> tuple[Iterator[Object], ReaderConfig]:
    """The files that it names, and as what they are read. Raises StateError, NotRead."""
    if config.manifest == "S3_INVENTORY":
        return _of_inventory(config, manifest, client_of)
    if config.manifest == "ATHENA_DATA":
        if config.input_type not in ("CSV", "JSONL", "PARQUET"):
            raise failed("With the ManifestType ATHENA_DATA, InputType is CSV, JSONL or PARQUET.")
        return _of_athena(manifest, client_of), config
    raise failed(f"ManifestType is S3_INVENTORY or ATHENA_DATA, not {config.manifest}.")


def _of_inventory(
    config: ReaderConfig, manifest: Object, client_of: ClientOf
) -> tuple[Iterator[Object], ReaderConfig]:
    try:
        said = jsontext.parse(b"".join(manifest.pieces()).decode())
    except (InvalidJson, UnicodeDecodeError) as error:
        raise failed(f"The manifest {manifest.key} is not JSON: {error}") from error
    named = said if isinstance(said, dict) else {}
    files, schema = named.get("files"), named.get("fileSchema")
    if not isinstance(files, list) or not isinstance(schema, str):
        raise failed(
            f"The manifest {manifest.key} names no files, or no fileSchema, so it is not one of S3 Inventory."
        )
    if named.get("fileFormat") != "CSV":
        raise failed(
            f"S3 Inventory is read as CSV, and the manifest {manifest.key} names {named.get('fileFormat')}."
        )
    bucket = Bucket(client_of, str(named.get("destinationBucket", "")).removeprefix(_BUCKET))
    columns = tuple(column.strip() for column in schema.split(","))
    keys = [_key(file, manifest.key) for file in files]
    return (bucket.object(key) for key in keys), replace(
        config, input_type="CSV", headers=columns, delimiter=","
    )


def _of_athena(manifest: Object, client_of: ClientOf) -> Iterator[Object]:
    for line, _ in table.lines(manifest.pieces()):
        if not (text := line.decode(errors="replace").strip().strip('"')):
            continue
        url = urlsplit(text)
        if url.scheme != "s3" or not url.netloc or len(url.path) < 2:
            raise failed(f"The manifest {manifest.key} names a file that is not in S3: {text[:200]}")
        yield Bucket(client_of, url.netloc).object(text.removeprefix(f"s3://{url.netloc}/"))


def _key(file: Json, manifest: str) -> str:
    key = file.get("key") if isinstance(file, dict) else None
    if not isinstance(key, str) or not key:
        raise failed(f"The manifest {manifest} has a file without a key.")
    return key
