"""The Kubernetes API as few, fast calls: paths and JSON in, plain data or the caller's structs out.

Requests go through aiohttp directly and bodies through msgspec: several times the rate of the generated
client (figures in docs/performance.md). There is no rate limit on this side: the API server's own priority
and fairness answers 429 when requests are too many. Errors are the classes of ``api_errors``, re-exported
here.
"""

from __future__ import annotations

import asyncio
import builtins
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Self
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from stepwright import __version__
from stepwright.engine.turns import Turns
from stepwright.kube import credentials
from stepwright.kube.api_errors import (
    AlreadyExists,
    AnswerTooLong,
    ApiError,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    Status,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    from_response,
    from_status,
)
from stepwright.kube.decoders import decoder
from stepwright.kube.depth import decoded
from stepwright.kube.paging import PageSize

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "APPLY_PATCH",
    "JSON_PATCH",
    "MERGE_PATCH",
    "STRATEGIC_MERGE_PATCH",
    "AlreadyExists",
    "AnswerTooLong",
    "Api",
    "ApiError",
    "BadRequest",
    "Conflict",
    "Event",
    "Expired",
    "Forbidden",
    "Invalid",
    "NotFound",
    "Table",
    "TooLarge",
    "TooManyRequests",
    "Unauthorized",
    "Unreachable",
    "path_of",
]

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"  # JSON is YAML

_AS_TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io"

LONGEST_ANSWER_BYTES: Final = 16 * 2**20
"""The most of one answer that is read into memory. A single object has at most about 3 MiB."""

Params = Mapping[str, str | int | bool]

OnDate = Callable[[float, float], None]
"""Called with each answer's date: the server's time is now between the two, in seconds since 1970."""


class Event(NamedTuple):
    """One event of a watch. ``object`` is JSON, not decoded yet."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: msgspec.Raw


class Table(NamedTuple):
    """A page of a table. ``rows`` are JSON, not decoded yet: ``cells``, as many as ``columns`` has names, and
    ``object``, the object with nothing but its metadata."""

    columns: tuple[str, ...]
    rows: builtins.list[msgspec.Raw]


class _WireEvent(msgspec.Struct):
    type: str
    object: msgspec.Raw


def path_of(
    api_version: str,
    plural: str,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str | None = None,
) -> str:
    """``path_of("batch/v1", "jobs", "shop", "ship-1")`` = ``/apis/batch/v1/namespaces/shop/jobs/ship-1``."""
    parts = ["/apis" if "/" in api_version else "/api", api_version]
    if namespace is not None:
        parts += ["namespaces", namespace]
    parts.append(plural)
    if name is not None:
        parts.append(name)
    if subresource is not None:
        parts.append(subresource)
    return "/".join(parts)


def namespace_in(path: str) -> str:
    """The namespace that a request concerns; empty if it concerns the whole cluster."""
    _, found, rest = path.partition("/namespaces/")
    return rest.partition("/")[0] if found else ""


class Api:
    """A connection to one API server as one user. ``as_service_account`` gives the same connection as another.

    Every method raises the classes of ``api_errors`` and nothing else. ``into`` is what the answer is decoded to: a
    ``msgspec.Struct`` with the few fields that are needed, or None for plain dicts and lists.
    """

    def __init__(
        self,
        who: credentials.Credentials,
        session: aiohttp.ClientSession,
        streams: aiohttp.ClientSession,
        turns: Turns,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> None:
        self._who = who
        self._session = session
        self._turns = turns
        self._streams = streams
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._headers = dict(headers)
        self.on_date: OnDate | None = None
        self._options: dict[str, Any] = {}
        if who.server_hostname:
            self._options["server_hostname"] = who.server_hostname
        if who.proxy:
            self._options["proxy"] = who.proxy

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None = None,
        *,
        context: str | None = None,
        connections: int = 100,
        timeout_seconds: float = 30,
        user_agent: str = f"stepwright/{__version__}",
    ) -> Api:
        """Read the credentials and make the connection pool; nothing is sent yet. Raises credentials.NoCluster.

        ``connections`` limits concurrent requests (the rest wait for a turn before their time-out begins to
        count, and every namespace gets one turn before any gets two); watches do not count.
        """
        who = await credentials.load(kubeconfig, context)
        # Reading proxies and netrc from the environment costs time with each request, so only if one is
        # named.
        trust_env = any(
            name in os.environ for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
        )

        def session(limit: int) -> aiohttp.ClientSession:
            # keepalive_timeout below the API server's own idle time-outs and those of usual load balancers
            connector = aiohttp.TCPConnector(
                limit=limit, ssl=who.ssl if who.ssl is not None else True, keepalive_timeout=60
            )
            return aiohttp.ClientSession(
                connector=connector,
                trust_env=trust_env,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=2**18,
                auto_decompress=False,
            )

        # No compression: near the API server the network is cheaper than the processor.
        headers = {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "identity"}
        return cls(
            who,
            session(connections),
            session(0),
            Turns(connections),
            timeout_seconds=timeout_seconds,
            headers=headers,
        )

    async def close(self) -> None:
        await self._session.close()
        await self._streams.close()
        # Aborted connections are closed in the next turns of the loop.
        for _ in range(3):
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def default_namespace(self) -> str:
        """The pod's own namespace, or the one of the kubeconfig's context."""
        return self._who.namespace

    def as_service_account(self, namespace: str, name: str) -> Api:
        """The same connection acting for that ServiceAccount; closing it closes both.

        No Impersonate-Group: the API server fills in the groups of a service account by itself, and naming them
        would need the right to impersonate groups, which cannot be granted per namespace.
        https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
        """
        headers = {**self._headers, "Impersonate-User": f"system:serviceaccount:{namespace}:{name}"}
        return Api(
            self._who,
            self._session,
            self._streams,
            self._turns,
            timeout_seconds=self._timeout.total or 30,
            headers=headers,
        )

    async def get(self, path: str, params: Params | None = None, *, into: Any = None) -> Any:
        return self._decode(await self.request("GET", path, params), into)

    async def list(
        self, path: str, params: Params | None = None, *, page_size: int | None = None
    ) -> tuple[list[msgspec.Raw], str]:
        """All items, not decoded yet, and the resourceVersion of the list.

        Without ``page_size`` one request. A page's continue token that expires raises Expired: begin again.
        """
        items: list[msgspec.Raw] = []
        version = ""
        async for page, version in self.pages(path, params, page_size=page_size):  # noqa: B007 - the last one's
            items += page
        return items, version

    async def pages(
        self, path: str, params: Params | None = None, *, page_size: int | None = None
    ) -> AsyncGenerator[tuple[builtins.list[msgspec.Raw], str], None]:
        """``list`` page by page, each with the resourceVersion of the whole list, so that pages already read
        need no memory. A page has ``page_size`` objects at most, and fewer where they are large."""
        async with aclosing(self._pages(path, params, page_size, None)) as pages:
            async for page in pages:
                yield page.items or [], page.metadata.resourceVersion

    async def tables(
        self, path: str, params: Params | None = None, *, page_size: int | None = None
    ) -> AsyncGenerator[Table, None]:
        """``pages`` of what ``kubectl get -o wide`` shows, beside each object's metadata: a small part of
        large objects
        (https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables)."""
        columns: tuple[str, ...] = ()
        async with aclosing(self._pages(path, params, page_size, _AS_TABLE)) as pages:
            async for page in pages:
                # Only the first page names them.
                columns = tuple(column.name for column in page.columnDefinitions or ()) or columns
                yield Table(columns, page.rows or [])

    async def _pages(
        self, path: str, params: Params | None, page_size: int | None, accept: str | None
    ) -> AsyncGenerator[_Page, None]:
        query = dict(params or {})
        size = PageSize(page_size) if page_size else None
        while True:
            if size is not None:
                query["limit"] = size.limit
            try:
                answer = await self.request("GET", path, query, accept=accept)
            except AnswerTooLong:
                if size is None or not size.too_long():
                    raise
                continue
            page: _Page = self._decode(answer, _Page)
            if size is not None:
                size.read(len(page.items or page.rows or ()), len(answer))
            del answer  # it is as large as all that is decoded of it
            yield page
            if not page.metadata.continue_:
                return
            query["continue"] = page.metadata.continue_

    async def create(self, path: str, body: Any, params: Params | None = None, *, into: Any = None) -> Any:
        return self._decode(await self.request("POST", path, params, body), into)

    async def replace(self, path: str, body: Any, params: Params | None = None, *, into: Any = None) -> Any:
        return self._decode(await self.request("PUT", path, params, body), into)

    async def patch(
        self,
        path: str,
        body: Any,
        content_type: str = JSON_PATCH,
        params: Params | None = None,
        *,
        into: Any = None,
    ) -> Any:
        return self._decode(await self.request("PATCH", path, params, body, content_type), into)

    async def delete(
        self, path: str, body: Any = None, params: Params | None = None, *, into: Any = None
    ) -> Any:
        """``body``: DeleteOptions (preconditions, propagationPolicy)."""
        return self._decode(await self.request("DELETE", path, params, body), into)

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

    async def request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        body: Any = None,
        content_type: str = "application/json",
        *,
        accept: str | None = None,
    ) -> bytes:
        """One request; the body of its answer. ``body``: bytes as they are, anything else is encoded as JSON.
        ``accept``: another form of the answer than plain JSON."""
        write = method != "GET"
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        for fresh in (False, True):
            headers = await self._request_headers(fresh=fresh)
            if data is not None:
                headers["Content-Type"] = content_type
            if accept is not None:
                headers["Accept"] = accept
            asked = asyncio.get_running_loop().time()
            try:
                # The pool's own queue would use up the time-out: of thousands of requests at once, those
                # behind would time out and be sent again, endlessly.
                async with (
                    self._turns.of(namespace_in(path)),
                    self._session.request(
                        method,
                        self._url(path, params),
                        data=data,
                        headers=headers,
                        timeout=self._timeout,
                        **self._options,
                    ) as response,
                ):
                    answer = await _bounded(response)
                    self._hear_date(response, asked)
                    if response.status < 400:
                        return answer
                    if response.status == 401 and not fresh:
                        continue  # the token expired before its minute was over; nothing has been done yet
                    raise from_response(
                        response.status, answer, response.headers.get("Retry-After"), write=write
                    )
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                raise Unreachable(f"cannot connect: {error}", outcome_unknown=False) from error
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                sentence = str(error) or type(error).__name__
                raise Unreachable(
                    f"no answer to {method} {path}: {sentence}", outcome_unknown=write
                ) from error
        raise AssertionError("the second answer is returned or raised")

    def _hear_date(self, response: aiohttp.ClientResponse, asked: float) -> None:
        """The server read its clock after ``asked``; the header has whole seconds."""
        text = response.headers.get("Date")
        if self.on_date is None or text is None:
            return
        with suppress(ValueError):
            date = parsedate_to_datetime(text).timestamp()
            self.on_date(date, date + 1 + asyncio.get_running_loop().time() - asked)

    async def watch(
        self,
        path: str,
        params: Params | None = None,
        *,
        idle_seconds: float = 150,
        opened: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Event, None]:
        """Events until the server ends the stream (``timeoutSeconds`` in ``params``), which is not an error.

        ``idle_seconds``: how long it may be silent before the connection counts as lost; the API server sends
        a bookmark each minute, give or take. ``opened`` is called when the server has accepted the watch,
        before any event. Raises Expired for a resourceVersion that is too old.
        """
        query = {**(params or {}), "watch": "1", "allowWatchBookmarks": "true"}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout.total, sock_read=idle_seconds)
        decode = decoder(_WireEvent).decode
        try:
            async with self._streams.get(
                self._url(path, query),
                headers=await self._request_headers(fresh=False),
                timeout=timeout,
                **self._options,
            ) as response:
                if response.status != 200:
                    async with asyncio.timeout(self._timeout.total):
                        answer = await _bounded(response)
                    if response.status == 401:
                        await self._who.authorization(fresh=True)
                    raise from_response(response.status, answer, response.headers.get("Retry-After"))
                opened()
                # Lines are split here: aiohttp's readline refuses lines longer than its buffer.
                rest = b""
                try:
                    async for chunk in response.content.iter_any():
                        *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
                        for line in lines:
                            event = decoded(decode, line)
                            if event.type == "ERROR":
                                raise from_status(decoder(Status).decode(event.object))
                            yield Event(event.type, event.object)
                finally:
                    # Left early: TLS's own shutdown would wait for the server, and outlive the loop.
                    if response.connection is not None and response.connection.transport is not None:
                        response.connection.transport.abort()
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError) as error:
            sentence = str(error) or type(error).__name__
            raise Unreachable(f"the watch of {path} was cut: {sentence}", outcome_unknown=False) from error

    async def _request_headers(self, *, fresh: bool) -> dict[str, str]:
        headers = dict(self._headers)
        if authorization := await self._who.authorization(fresh=fresh):
            headers["Authorization"] = authorization
        return headers

    def _url(self, path: str, params: Params | None) -> URL:
        query = f"?{urlencode(_as_text(params))}" if params else ""
        return URL(f"{self._who.host}{path}{query}", encoded=True)

    def _decode(self, answer: bytes, into: Any) -> Any:
        try:
            return decoded(decoder(Any if into is None else into).decode, answer)
        except msgspec.DecodeError as error:
            # The write has landed, but the answer does not match its kind's schema.
            raise Unreachable(f"the answer cannot be read: {error}", outcome_unknown=True) from error


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The body of an answer. Raises AnswerTooLong before it would fill the memory."""
    if response.content_length is not None and response.content_length <= LONGEST_ANSWER_BYTES:
        return await response.read()
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > LONGEST_ANSWER_BYTES:
            raise AnswerTooLong(
                f"{response.method} {response.url.path} is answered with more than {LONGEST_ANSWER_BYTES:,} bytes"
            )
        pieces.append(piece)
    return b"".join(pieces)


class _ListMeta(msgspec.Struct, rename={"continue_": "continue"}):
    resourceVersion: str = ""  # noqa: N815 - the field's name on the wire
    continue_: str = ""


class _Column(msgspec.Struct):
    name: str


class _Page(msgspec.Struct):
    """A page of objects, or of a table's rows."""

    metadata: _ListMeta
    items: list[msgspec.Raw] | None = None
    columnDefinitions: list[_Column] | None = None  # noqa: N815
    rows: list[msgspec.Raw] | None = None


def _as_text(params: Params) -> dict[str, str]:
    return {
        name: ("true" if value else "false") if isinstance(value, bool) else str(value)
        for name, value in params.items()
    }
