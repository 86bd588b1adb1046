"""State machines that are gone without an event.

kopf does not report what was deleted between a watch and the list after it, and an operator that does not
handle a state machine hears of its end in no other way. So now and then all known ones are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Final

import msgspec
import structlog

from stepwright.cluster.resources import API_VERSION
from stepwright.controllers.state_machine_watch import Key
from stepwright.engine.ports import Clock
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

LOOKS_EVERY_SECONDS: Final = 300.0
_PAGE_SIZE: Final = 500


class _Metadata(msgspec.Struct):
    uid: str


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Row(msgspec.Struct):
    object: _Object


_decode: Final = msgspec.json.Decoder(_Row).decode


class Vanished:
    """``known`` returns the uids of all known ones; ``forget`` is called for those that are gone.
    ``namespaces``: those served; empty for all."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        known: Callable[[], Mapping[Key, str]],
        forget: Callable[[Key, str], None],
        namespaces: Sequence[str] = (),
    ) -> None:
        self._api = api
        self._clock = clock
        self._known = known
        self._forget = forget
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(LOOKS_EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Each namespace separately: one whose list is refused, because the rights in it are gone, does not
        hold up the others."""
        for namespace in self._namespaces:
            # What appears during the list is not looked up in it.
            before = {key: uid for key, uid in self._known().items() if namespace in (None, key[0])}
            if not before:
                continue
            try:
                there = await self._uids(namespace)
            except ApiError as error:
                log.info("state machines could not be looked for", namespace=namespace, reason=str(error))
                continue
            for key, uid in before.items():
                if uid not in there:
                    self._forget(key, uid)

    async def _uids(self, namespace: str | None) -> set[str]:
        """The uids of all that exist, from table rows, which do not include the definitions."""
        uids: set[str] = set()
        path = path_of(API_VERSION, "statemachines", namespace)
        async with aclosing(lists.tables(self._api, path, page_size=_PAGE_SIZE)) as tables:
            async for _, rows, _ in tables:
                uids.update(_decode(row).object.metadata.uid for row in rows)
        return uids
