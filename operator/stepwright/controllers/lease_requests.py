"""Requests for the Leases of operators, with a shorter time-out than others, because Leases expire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from stepwright.controllers import member_lease
from stepwright.controllers.member_lease import MemberLease
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import Unreachable
from stepwright.kube.decoders import decoder
from stepwright.kube.paths import path_of

T = TypeVar("T")


class LeaseRequests:
    """``duration``: of the own Lease, in seconds. All raise ApiError."""

    def __init__(self, api: Api, namespace: str, duration: float) -> None:
        self.api = api
        self.namespace = namespace
        self._seconds = max(1.0, duration / 4)

    async def all(self) -> list[MemberLease]:
        """Those of members, and those that the quarantine records, at one moment."""
        items, _ = await self.within_time(
            lists.whole(self.api, self._path(), {"labelSelector": member_lease.ALL})
        )
        return [decoder(MemberLease).decode(item) for item in items]

    async def create(self, body: Mapping[str, Any]) -> MemberLease:
        return await self.within_time(self.api.create(self._path(), body, into=MemberLease))

    async def replace(self, name: str, body: Mapping[str, Any]) -> MemberLease:
        return await self.within_time(self.api.replace(self._path(name), body, into=MemberLease))

    async def delete(self, name: str, **preconditions: str) -> None:
        options = {"preconditions": preconditions} if preconditions else None
        await self.within_time(self.api.delete(self._path(name), options))

    async def within_time(self, call: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await call
        except TimeoutError as error:
            raise Unreachable(f"no answer within {self._seconds:.1f} s", outcome_unknown=True) from error

    def _path(self, name: str | None = None) -> str:
        return path_of(member_lease.API_VERSION, member_lease.PLURAL, self.namespace, name)
