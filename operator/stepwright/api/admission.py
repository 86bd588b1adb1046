"""Who is let in, before anything of a request's body is read: programs that mean this server, never web pages.

A page in a developer's browser can send requests to this machine, and by pointing a name of its own here (DNS
rebinding) it may even choose their headers. But it cannot remove what the browser adds: the name that it was
loaded from (``Host``), and the request's origin (``Origin``, ``Sec-Fetch-Site``). No AWS SDK sends the last
two. https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stepwright.api import identity
from stepwright.api.errors import ApiError
from stepwright.api.http_messages import Request

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
"""The type of requests and answers. All SDKs send it; a form or an image in a page cannot."""

TYPES: Final = frozenset({CONTENT_TYPE, identity.FORM})
"""A page can send a form, and its browser says so: all that it could learn this way is the account."""

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

_SYNC: Final = "sync-"
"""What SDKs put before the name of the endpoint for StartSyncExecution and TestState."""


@dataclass(frozen=True, slots=True)
class Admission:
    """``names`` are those that clients may call this server by. ``origins``: those of pages that this server
    itself serves with a token; there are none yet."""

    names: frozenset[str]
    origins: frozenset[str] = frozenset()

    def check(self, request: Request) -> None:
        """Raises ApiError."""
        headers = request.headers
        from_page = "origin" in headers or "sec-fetch-site" in headers
        if from_page and ("origin" in request.repeated or headers.get("origin") not in self.origins):
            raise _denied("Requests of web pages are not served")
        # A client that uses this server as its proxy (HTTP_PROXY) sends a whole URL, and means this server by
        # any name.
        if not request.target.startswith("http://") and not self._is_ours(request):
            raise _denied(
                f"This server is not called {_shown(headers.get('host', ''))}; it answers to "
                f"{', '.join(sorted(self.names))} (`--host-name` adds names)"
            )

    def _is_ours(self, request: Request) -> bool:
        return "host" not in request.repeated and _name(request.headers.get("host", "")) in self.names


def admission(host_names: Iterable[str] = ()) -> Admission:
    """For a server of this machine that has these names beside those of the loopback."""
    names = {name.lower() for name in (*LOOPBACK, *host_names)}
    return Admission(frozenset(names | {_SYNC + name for name in names}))


def check_content_type(request: Request) -> str:
    """Which of ``TYPES`` it is. Raises ApiError."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in TYPES or "content-type" in request.repeated:
        raise ApiError(
            "UnsupportedMediaTypeException", f"The body of a request must be of the type {CONTENT_TYPE}", 415
        )
    return sent


def _name(host: str) -> str:
    """The name without its port, which forwarding may have changed."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name = host
    return name.lower().removesuffix(".")


def _denied(message: str) -> ApiError:
    return ApiError("AccessDeniedException", message, 403)


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 100 else f"{text[:100]}...")
