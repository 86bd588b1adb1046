"""What is asked of an API server: paths and JSON in, plain data or the caller's structs out.

How it is asked is the matter of whoever implements ``Api``: ``connection`` over HTTP. Lists are read by
``lists``, changes by ``watches``; the classes of errors are in ``api_errors``. Bodies go through msgspec:
several times the rate of the generated client (figures in docs/performance.md).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import msgspec

from stepwright.kube.api_errors import Unreachable
from stepwright.kube.decoders import decoder
from stepwright.kube.depth import decoded
from stepwright.kube.paths import path_of

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"  # JSON is YAML

METADATA_ALONE: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
"""What is accepted as the answer to a write that nobody reads: otherwise the whole object comes back, however large it is.
https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources"""

Params = Mapping[str, str | int | bool]


class Api(ABC):
    """An API server as one user meets it. ``as_service_account`` gives the same server as another meets it.

    Every method raises the classes of ``api_errors`` and nothing else. ``into`` is what the answer is decoded to: a
    ``msgspec.Struct`` with the few fields that are needed, or None for plain dicts and lists.
    """

    @abstractmethod
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
        """One request; the body of its answer. ``body``: bytes as they are, anything else is encoded as JSON.
        ``accept``: another form of the answer than plain JSON. Raises AnswerTooLong for an answer of more than
        ``most_bytes``, which is not read any further; None: than is ever read."""

    async def answer(
        self,
        method: str,
        path: str,
        body: Any = None,
        content_type: str = "application/json",
        *,
        most_bytes: int | None = None,
    ) -> tuple[int, bytes]:
        """``request``, with the status of the answer; 200 where nobody knows it."""
        return 200, await self.request(method, path, None, body, content_type, most_bytes=most_bytes)

    @abstractmethod
    def stream(
        self, path: str, params: Params, *, idle_seconds: float, accept: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """An answer that goes on, in pieces as they come. Entered when the server has accepted the request.

        ``idle_seconds``: how long it may be silent before the connection counts as lost. ``accept``: as for ``request``.
        """

    @abstractmethod
    def as_service_account(self, namespace: str, name: str) -> Api:
        """The same server, as that ServiceAccount."""

    async def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        into: Any = None,
        most_bytes: int | None = None,
    ) -> Any:
        return read(await self.request("GET", path, params, most_bytes=most_bytes), into)

    async def create(self, path: str, body: Any, params: Params | None = None, *, into: Any = None) -> Any:
        return read(await self.request("POST", path, params, body), into)

    async def replace(self, path: str, body: Any, params: Params | None = None, *, into: Any = None) -> Any:
        return read(await self.request("PUT", path, params, body), into)

    async def patch(
        self,
        path: str,
        body: Any,
        content_type: str = JSON_PATCH,
        params: Params | None = None,
        *,
        into: Any = None,
    ) -> Any:
        return read(await self.request("PATCH", path, params, body, content_type), into)

    async def change(self, path: str, patch: Any, content_type: str = JSON_PATCH) -> None:
        """A patch whose answer nobody reads."""
        await self.request("PATCH", path, None, patch, content_type, accept=METADATA_ALONE)

    async def delete(
        self, path: str, body: Any = None, params: Params | None = None, *, into: Any = None
    ) -> Any:
        """``body``: DeleteOptions (preconditions, propagationPolicy)."""
        return read(await self.request("DELETE", path, params, body), into)

    async def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail_lines: int | None = None,
        limit_bytes: int | None = None,
    ) -> bytes:
        """What the container wrote. ``limit_bytes`` cuts off the end of what ``tail_lines`` selected."""
        params: dict[str, str | int] = {"container": container}
        if tail_lines is not None:
            params["tailLines"] = tail_lines
        if limit_bytes is not None:
            params["limitBytes"] = limit_bytes
        return await self.request("GET", path_of("v1", "pods", namespace, pod, "log"), params)


def read(answer: bytes, into: Any) -> Any:
    """Raises Unreachable."""
    try:
        return decoded(decoder(Any if into is None else into).decode, answer)
    except msgspec.DecodeError as error:
        # The write has landed, but the answer does not match its kind's schema.
        raise Unreachable(f"the answer cannot be read: {error}", outcome_unknown=True) from error
