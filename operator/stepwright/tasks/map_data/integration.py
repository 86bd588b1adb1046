"""Reads the items of distributed Maps from objects of S3, and writes their results there.

Reading changes nothing, and a file of results has the same name and content however often it is written. So both are simply
done again whenever nobody knows whether they were done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from stepwright.asl.failure.errors import ITEM_READER_FAILED, RESULT_WRITER_FAILED, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.map_data import requests
from stepwright.asl.resource import ITEM_READER, Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, RefusedForNow
from stepwright.tasks.calls.services import ClientOf, Services
from stepwright.tasks.map_data import readers, writing
from stepwright.tasks.map_data.objects import NotRead
from stepwright.tasks.map_data.resources import RESOURCES

T = TypeVar("T")


class MapData:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, services: Services) -> None:
        """Whoever makes the services closes them."""
        self._services = services

    async def close(self) -> None:
        pass

    def serves(self, resource: Resource) -> bool:
        return resource in RESOURCES

    def host(self, call: Call) -> str:  # noqa: ARG002
        return "s3"

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.HARMLESS

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        raise AssertionError("reading and writing are harmless to repeat")

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        return None

    async def begin(self, call: Call) -> Answered:
        if call.task.resource == ITEM_READER:
            read = partial(readers.read, requests.reading(call.task.parameters))
            return Answered(await self._done(call, ITEM_READER_FAILED, read))
        write = partial(writing.write, requests.writing(call.task.parameters))
        return Answered(await self._done(call, RESULT_WRITER_FAILED, write))

    async def _done(self, call: Call, error: str, work: Callable[[ClientOf], Json]) -> Json:
        try:
            return await self._services.use(call.ref, call.role, work)
        except CallFailed as denied:  # nobody says where S3 is called, or as whom
            raise CallFailed(error, denied.cause) from denied
        except StateError as failed:
            raise CallFailed(failed.error or error, failed.cause or "") from failed
        except NotRead as refused:
            failure = CallFailed(error, str(refused))
            if refused.passes:
                raise RefusedForNow(failure, landed=False) from refused
            raise failure from refused

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        raise AssertionError("nothing is begun that would have to be waited for")

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        """What was read is nobody's, and what was written is named by no manifest."""

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""
