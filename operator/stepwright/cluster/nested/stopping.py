"""Asks executions to stop, for tasks: as the account of the task's state machine.

What a task has started is looked for with the operator's own rights, by labels that only such accounts can have given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from stepwright.catalog.ports import CallingTask, NotAllowed
from stepwright.cluster.nested import ownership
from stepwright.cluster.nested.asking import Asking
from stepwright.cluster.nested.ends import Look
from stepwright.cluster.nested.parent import Parent, selector
from stepwright.cluster.nested.stored_child import STOPPED_BY, StoredChild
from stepwright.cluster.reading import EXECUTIONS, path_of_execution
from stepwright.cluster.resources import API_VERSION
from stepwright.engine.ports import Refused, StopRequest, Unavailable
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Invalid, NotFound
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)


class _Item(msgspec.Struct, frozen=True):
    metadata: _ItemMetadata
    spec: _ItemSpec


class _ItemMetadata(msgspec.Struct, frozen=True):
    namespace: str
    name: str


class _ItemSpec(msgspec.Struct, frozen=True):
    parent: Parent | None = None


class Stopping:
    """``api``: Stepwright's own. ``namespaces``: those that are served; all if there are none."""

    def __init__(self, api: Api, asking: Asking, look: Look, namespaces: Sequence[str] = ()) -> None:
        self._api: Final = api
        self._asking: Final = asking
        self._look: Final = look
        self._namespaces: Final = tuple(namespaces)

    async def stop(self, by: CallingTask, found: StoredChild, request: StopRequest) -> bool:
        """Durable when it returns. False where it does not run. Raises NotAllowed, Refused, Unavailable."""
        if found.has_ended:
            return False
        if found.stop_is_asked_for:
            return True
        api, _ = self._asking.account(by)
        metadata = found.metadata
        said = {"error": request.error, "cause": request.cause}
        patch: list[Operation] = [
            {"op": "test", "path": "/metadata/uid", "value": metadata.uid},
            add("/spec/stop", {name: text for name, text in said.items() if text is not None}),
        ]
        if metadata.annotations:
            mark = STOPPED_BY.replace("/", "~1")
            patch.append(add(f"/metadata/annotations/{mark}", self._asking.user(by)))
        doing = f"patch executions in namespace {metadata.namespace}"
        try:
            await api.patch(path_of_execution(metadata.namespace, metadata.name), patch, into=msgspec.Raw)
        except NotFound:
            return False
        except Invalid as error:
            # Another one has its name by now, or somebody else has asked it to stop.
            raise Unavailable(f"cannot {doing} now: {error}") from error
        except ApiError as error:
            raise self._asking.refusal(error, by, doing) from error
        return True

    async def own(self, by: CallingTask, request: StopRequest) -> bool:
        """What the task has started: whether any of it was asked to stop. Raises Unavailable, also where the account lacks the right, as long as the
        execution runs: it may get it, and the execution may end."""
        stopped = False
        for namespace, name in await self._started(by):
            try:
                found = await self._asking.child(by, namespace, name)
                own = found is not None and ownership.is_own(found, by, self._asking.user(by))
                if found is not None and own:
                    stopped |= await self.stop(by, found, request)
            except (NotAllowed, Refused) as error:
                seen = self._look(namespace, name)
                if seen is not None and not seen.has_ended:
                    raise Unavailable(str(error)) from error
                log.warning(
                    "what a task has started is not stopped", execution=str(by.ref), reason=str(error)
                )
        return stopped

    async def _started(self, by: CallingTask) -> list[tuple[str, str]]:
        """Namespaces and names of what is labelled as the task's. It may have been created a moment ago, by a process that is
        gone: so the API server is asked, not the watch."""
        own = by.ref.namespace
        found = await self._labelled(by, own)
        # It is elsewhere in few cases, and then nothing is here.
        return found or [
            each
            for namespace in (self._namespaces or (None,))
            for each in await self._labelled(by, namespace)
        ]

    async def _labelled(self, by: CallingTask, namespace: str | None) -> list[tuple[str, str]]:
        try:
            items, _ = await lists.whole(
                self._api, path_of(API_VERSION, EXECUTIONS, namespace), {"labelSelector": selector(by)}
            )
        except ApiError as error:
            raise Unavailable(f"cannot look for what a task has started: {error}") from error
        read = (msgspec.json.decode(item, type=_Item) for item in items)
        return [
            (each.metadata.namespace, each.metadata.name)
            for each in read
            if each.spec.parent is not None and each.spec.parent.is_of(by)
        ]
