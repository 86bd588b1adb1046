"""How operators hear of StateMachines: what kopf hands over, and what it does not.

Listed objects come without a type of event. What was deleted between a watch and the list after it is not reported at all.
Events of one object come in order; those of two, even of the same name, may overtake each other, since kopf has a
worker for each uid.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stepwright.cluster.resources import API_VERSION
from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Expired
from stepwright.kube.paths import path_of

Observe = Callable[[str | None, Mapping[str, Any]], None]
Told = tuple[str | None, Mapping[str, Any]]

PATH = path_of(API_VERSION, "statemachines")
RECONNECTS_AFTER_SECONDS = 0.1
TRIES_AGAIN_AFTER_SECONDS = 1.0


class KopfWatch:
    def __init__(self, api: Api, observe: Observe) -> None:
        self._api = api
        self._observe = observe
        self._backlogs: defaultdict[str, list[Told]] = defaultdict(list)

    async def run(self) -> None:
        while True:
            version: str | None = await self._list()
            while version is not None:
                version = await self._watch(version)
                await asyncio.sleep(RECONNECTS_AFTER_SECONDS)

    async def _list(self) -> str:
        while True:
            try:
                answer = await self._api.get(PATH)
            except ApiError:
                await asyncio.sleep(TRIES_AGAIN_AFTER_SECONDS)
                continue
            for body in answer["items"]:
                self._tell(None, body)
            version: str = answer["metadata"]["resourceVersion"]
            return version

    async def _watch(self, version: str) -> str | None:
        """The version from which to go on; None where that cannot be had any more."""
        try:
            async for event in watches.watch(self._api, PATH, {"resourceVersion": version}):
                body = msgspec.json.decode(event.object)
                version = body["metadata"]["resourceVersion"]
                if event.type != "BOOKMARK":
                    self._tell(event.type, body)
        except Expired:
            return None
        except ApiError:
            await asyncio.sleep(TRIES_AGAIN_AFTER_SECONDS)
        return version

    def _tell(self, type: str | None, body: Mapping[str, Any]) -> None:
        uid = body["metadata"]["uid"]
        self._backlogs[uid].append((type, body))
        asyncio.get_running_loop().call_soon(self._hand_over, uid)

    def _hand_over(self, uid: str) -> None:
        backlog = self._backlogs[uid]
        self._observe(*backlog.pop(0))
        if not backlog:
            del self._backlogs[uid]
