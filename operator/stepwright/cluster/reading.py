"""Reading an Execution, and the meaning of its not being there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.stored import Stored, as_needed, lean
from stepwright.engine.ports import ExecutionRef, Gone, JournalError, Unavailable
from stepwright.kube import namespaces
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Forbidden, NotFound
from stepwright.kube.paths import path_of

EXECUTIONS: Final = "executions"


def path_of_execution(namespace: str, name: str, subresource: str | None = None) -> str:
    return path_of(API_VERSION, EXECUTIONS, namespace, name, subresource)


class Reading:
    def __init__(self, api: Api) -> None:
        self._api: Final = api

    async def read(self, ref: ExecutionRef) -> Stored:
        """The stored Execution, with its input if it has yet to begin. Raises Unavailable, Gone,
        InvalidInput."""
        return await self._read(ref, as_needed)

    async def read_lean(self, ref: ExecutionRef) -> Stored:
        """The Execution without its input. Raises Unavailable, Gone."""
        return await self._read(ref, lean)

    async def is_gone(self, ref: ExecutionRef) -> bool:
        try:
            await self.read_lean(ref)
        except Gone:
            return True
        return False

    async def _read(self, ref: ExecutionRef, decode: Callable[[bytes], Stored]) -> Stored:
        try:
            found = decode(await self._api.request("GET", path_of_execution(ref.namespace, ref.name)))
        except ApiError as error:
            raise await self.unreadable(ref, error) from error
        except msgspec.DecodeError as error:
            raise Unavailable(str(error)) from error
        if found.uid != ref.uid:
            raise Gone(f"Execution {ref} was deleted; another one has its name now")
        return found

    async def unreadable(self, ref: ExecutionRef, error: ApiError) -> JournalError:
        """Why the Execution could not be read."""
        if isinstance(error, NotFound):
            return Gone(f"Execution {ref} no longer exists")
        # The Role may be deleted before the Execution is, or before its end is heard of.
        if isinstance(error, Forbidden) and await namespaces.is_going(self._api, ref.namespace):
            return Gone(f"the namespace of Execution {ref} is being deleted")
        return Unavailable(str(error))

    async def read_cached(self, ref: ExecutionRef, at_least: int) -> Stored:
        """The Execution as the API server has it in memory, if that is not too old: this costs a third of
        asking etcd
        (https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list)."""
        try:
            text = await self._api.request(
                "GET", path_of_execution(ref.namespace, ref.name), {"resourceVersion": "0"}
            )
            found = as_needed(text)
        except (ApiError, msgspec.DecodeError):
            return await self.read(ref)
        known = found.uid == ref.uid and found.seq >= at_least
        return found if known else await self.read(ref)
