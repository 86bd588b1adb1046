"""A task's requests to the Kubernetes API are made as the ServiceAccount that its state machine names, and change something
only while this process carries the execution."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import Unreachable


def service_account(settings: Mapping[str, Any]) -> str | None:
    """From ``ExecutionRef.settings``, whose keys are those of StateMachine.spec."""
    return settings.get("serviceAccountName") or None


class Accounts:
    """One connection, shared by all its users. ``held``: whether this process may act for an execution."""

    def __init__(self, api: Api, held: Callable[[Uid], bool] = lambda _: True) -> None:
        self._api = api
        self._held = held
        self._as_account = functools.lru_cache(maxsize=1024)(api.as_service_account)

    def of(self, ref: ExecutionRef) -> tuple[Api, str | None]:
        """The API as this execution may use it, and the account; without one it is Stepwright's own, which
        may have more rights than the author of the state machine."""
        api, account = self.whoever_carries(ref)
        return _WhileHeld(api, functools.partial(self._held, ref.uid)), account

    def own(self, ref: ExecutionRef) -> Api:
        """The API as Stepwright's own account may use it for this execution."""
        return _WhileHeld(self._api, functools.partial(self._held, ref.uid))

    def whoever_carries(self, ref: ExecutionRef) -> tuple[Api, str | None]:
        """As ``of``, for changes that are right even if another process carries the execution by now."""
        account = service_account(ref.settings)
        return self._api if account is None else self._as_account(ref.namespace, account), account


class _WhileHeld(Api):
    """A call may read before it writes, and its process may be stopped for a minute in between: whoever has taken the
    execution over has made the same call then, and what came of it may be over and deleted already."""

    def __init__(self, api: Api, held: Callable[[], bool]) -> None:
        self._api = api
        self._held = held

    async def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: Any = None,
        content_type: str = "application/json",
        *,
        accept: str | None = None,
        most_bytes: int | None = None,
    ) -> bytes:
        self._require_held(method)
        return await self._api.request(
            method, path, params, body, content_type, accept=accept, most_bytes=most_bytes
        )

    async def answer(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        *,
        most_bytes: int | None = None,
    ) -> tuple[int, bytes]:
        self._require_held(method)
        return await self._api.answer(method, path, body, content_type, most_bytes=most_bytes)

    def stream(
        self, path: str, params: Params, *, idle_seconds: float, accept: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._api.stream(path, params, idle_seconds=idle_seconds, accept=accept)

    def as_service_account(self, namespace: str, name: str) -> Api:
        return _WhileHeld(self._api.as_service_account(namespace, name), self._held)

    def _require_held(self, method: str) -> None:
        if method != "GET" and not self._held():
            raise Unreachable(
                "nothing was sent: another process may carry the execution now", outcome_unknown=False
            )
