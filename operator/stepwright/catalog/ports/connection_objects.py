"""The objects of kind Connection: what calls of other people's APIs may reach, and with which credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stepwright.engine.ports import ExecutionRef


class NoObject(Exception):  # noqa: N818 - it names a condition
    """There is none for this execution, or none that can be used. ``reason``, as AWS ends the error's name:
    ``ResourceNotFound``, ``InvalidConnectionState``, ``AccessDenied``; ``cause``: a whole sentence."""

    def __init__(self, reason: str, cause: str) -> None:
        super().__init__(cause)
        self.reason = reason
        self.cause = cause


class ConnectionObject(Protocol):
    """One that an execution may use, as it is at this moment."""

    @property
    def identity(self) -> str:
        """Another one after each change of it; of no other object."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """As in the custom resource, checked against its schema."""

    async def secret(self, name: str, key: str) -> str:
        """What a Secret holds, read anew, as whoever the Connection says. Raises NoObject, Unavailable."""

    async def token(self, audience: str) -> str:
        """That proves who the Connection's ServiceAccount is. Raises NoObject, Unavailable."""


class ConnectionObjects(Protocol):
    """All of them, wherever people keep them."""

    async def find(self, ref: ExecutionRef, name: str) -> ConnectionObject:
        """The one of that name that an execution means and may use. Raises NoObject, Unavailable."""
