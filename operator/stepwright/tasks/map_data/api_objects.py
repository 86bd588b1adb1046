"""Objects of the Kubernetes API as items: those of a list, and what is in one of them, such as the data of a ConfigMap.

The driver that asks for them does so in the loop; who reads items waits for it in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reading
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.tasks.calls.integration import Call
from stepwright.tasks.calls.remote_files import NotRead, RemoteObjects
from stepwright.tasks.map_data.resources import K8S_GET, K8S_LIST
from stepwright.tasks.map_data.sources import Place

_PAGE: Final = 100
"""Objects that are asked for at once: no answer that is read whole may be larger than 1 MiB."""


class Asking:
    """To be made in the loop."""

    def __init__(self, objects: RemoteObjects, call: Call, parameters: Json) -> None:
        if not isinstance(parameters, Mapping):
            raise failed("The Parameters of an ItemReader must be an object.")
        self.parameters: Final[Mapping[str, Any]] = parameters
        self._objects = objects
        self._call = call
        self._loop = asyncio.get_running_loop()

    def answer(self, resource: Any, **more: Any) -> Any:
        asked = self._objects.answer(self._call.ref, self._call.task, resource, {**self.parameters, **more})
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()


class OfObjects(Asking):
    """The objects of a list. Pages of one list are of one moment, however much later they are asked for."""

    file: Final = None

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        page, passed = after.get("page", self.parameters.get("continue")), after.get("row", 0)
        limit = self.parameters.get("limit", _PAGE)
        while True:
            answer = self.answer(K8S_LIST, limit=limit, **({"continue": page} if page else {}))
            for number, item in enumerate(answer["items"], start=1):
                if number > passed:
                    yield item, {"page": page, "row": number}
            page, passed = answer["metadata"].get("continue"), 0
            if not page:
                return


class InObject(Asking):
    """What ItemsPointer leads to in one object: a list of items, or a text that is read as InputType says."""

    file: Final = None

    def __init__(self, objects: RemoteObjects, call: Call, parameters: Json, config: ReaderConfig) -> None:
        super().__init__(objects, call, parameters)
        self._config = config

    def items(self, after: Place) -> Iterator[tuple[Json, Place]]:
        answer = self.answer(K8S_GET)
        version = (answer.get("metadata") or {}).get("resourceVersion")
        if after and after["version"] != version:
            raise NotRead("The object was changed while it was read.")
        found = reading.pointed(answer, self._config.pointer)
        whole = replace(self._config, pointer="")
        items = (
            reading.of_pieces(whole, iter([found.encode()]))
            if isinstance(found, str)
            else iter(reading.listed(found))
        )
        for number, item in enumerate(items, start=1):
            if number > after.get("row", 0):
                yield item, {"row": number, "version": version}
