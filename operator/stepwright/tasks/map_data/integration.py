"""Reads the items of distributed Maps from wherever they are, and writes their results to S3.

Reading changes nothing, and a file of results has the same name and content however often it is written. So both are simply
done again whenever nobody knows whether they were done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from stepwright.asl.failure.errors import ITEM_READER_FAILED, RESULT_WRITER_FAILED, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reader_config, requests
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.map_data.requests import Reading
from stepwright.asl.resource import ITEM_READER, Resource, parse
from stepwright.tasks.calls.at_once import AtOnce
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, RefusedForNow
from stepwright.tasks.calls.remote_files import NotRead, RemoteFiles, RemoteObjects
from stepwright.tasks.calls.services import Services
from stepwright.tasks.map_data import readers, sources, writing
from stepwright.tasks.map_data.api_objects import InObject, OfObjects
from stepwright.tasks.map_data.database_rows import OfRows
from stepwright.tasks.map_data.files import File
from stepwright.tasks.map_data.local import LocalFile
from stepwright.tasks.map_data.remote import RemoteFile
from stepwright.tasks.map_data.resources import (
    FILE,
    GET,
    K8S_GET,
    K8S_LIST,
    LIST,
    READERS,
    RESOURCES,
    SQL,
    URL,
)
from stepwright.tasks.map_data.sources import OfFile, Source

_OF_S3: Final = {GET: sources.of_object, LIST: sources.of_list}

_NO_FOLDER: Final = f"{FILE} reads files below a folder of this machine, which --files names."
_NO_VOLUMES: Final = (
    f"{FILE} reads no volume of a cluster. A Job that mounts it can put the file into object storage, or a server can serve it by "
    "HTTP, for an ItemReader that reads from there."
)

_THREADS: Final = 16
"""Readers that wait for files and objects at once."""


class MapData(AtOnce):
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(
        self,
        services: Services,
        urls: RemoteFiles,
        folder: Path | None = None,
        objects: RemoteObjects | None = None,
        rows: RemoteObjects | None = None,
    ) -> None:
        """Whoever makes the services closes them. ``urls``: files by their URLs, closed with this. ``folder``: that of files of
        this machine, if they may be read. ``objects``: those of the cluster, if there is one; ``rows``: those of databases."""
        self._services = services
        self._urls = urls
        self._folder = folder
        self._objects = objects
        self._rows = rows
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="reading items")

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._urls.close()

    def serves(self, resource: Resource) -> bool:
        return resource in RESOURCES

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.HARMLESS

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        raise AssertionError("reading and writing are harmless to repeat")

    async def begin(self, call: Call) -> Answered:
        if call.task.resource == ITEM_READER:
            return await self._done(
                ITEM_READER_FAILED, self._read(call, requests.reading(call.task.parameters))
            )
        write = partial(writing.write, requests.writing(call.task.parameters))
        return await self._done(RESULT_WRITER_FAILED, self._services.use(call.ref, call.role, write))

    async def _done(self, error: str, done: Awaitable[Json]) -> Answered:
        try:
            return Answered(await done)
        except CallFailed as denied:  # nobody says where S3 is called, or as whom
            raise CallFailed(error, denied.cause) from denied
        except StateError as failed:
            raise CallFailed(failed.error or error, failed.cause or "") from failed
        except NotRead as refused:
            failure = CallFailed(error, str(refused))
            if refused.passes:
                raise RefusedForNow(failure, landed=False) from refused
            raise failure from refused

    async def _read(self, call: Call, wanted: Reading) -> Json:
        config, resource = reader_config.of(wanted.reader_config), parse(wanted.resource)
        of_s3 = _OF_S3.get(resource)
        if of_s3 is not None:
            return await self._services.use(
                call.ref,
                call.role,
                lambda client_of: readers.read(wanted, config, of_s3(wanted, config, client_of)),
            )
        source = self._source(call, wanted, config, resource)
        if config.manifest is not None or config.loads:
            raise failed(f"What a manifest or a list names is read from S3 alone, not by {resource}.")
        read = partial(readers.read, wanted, config, source)
        return await asyncio.get_running_loop().run_in_executor(self._threads, read)

    def _source(self, call: Call, wanted: Reading, config: ReaderConfig, resource: Resource) -> Source:
        """Raises States.ItemReaderFailed."""
        if resource == SQL and self._rows is not None:
            return OfRows(self._rows, call, wanted.parameters)
        if resource in (K8S_LIST, K8S_GET):
            if self._objects is None:
                raise failed(f"{resource} reads objects of a cluster, and there is none here.")
            if resource == K8S_LIST:
                return OfObjects(self._objects, call, wanted.parameters)
            return InObject(self._objects, call, wanted.parameters, config)
        return OfFile(config, self._file(call, wanted, resource))

    def _file(self, call: Call, wanted: Reading, resource: Resource) -> File:
        """Raises States.ItemReaderFailed."""
        if resource == URL:
            return RemoteFile(self._urls, call.ref, wanted.parameters, sources.text(wanted, "ApiEndpoint"))
        if resource != FILE:
            raise failed(
                f"An ItemReader reads by {', '.join(map(str, READERS[:-1]))} or {READERS[-1]}, not by {wanted.resource}."
            )
        if self._folder is None:
            raise failed(_NO_FOLDER if self._objects is None else _NO_VOLUMES)
        return LocalFile(self._folder, sources.text(wanted, "Path"))
