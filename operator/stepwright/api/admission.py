"""Who is let in, before anything of a request's body is read: programs that mean this server, never web pages.

A page in a developer's browser can send requests to this machine, and may even choose their headers. But it cannot remove
what the browser adds: the name that it was loaded from (``http.names``), and the request's origin (``Origin``,
``Sec-Fetch-Site``). No AWS SDK sends the last two. The console's own pages ask elsewhere (``stepwright.console``).
https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

from typing import Final

from stepwright.api import identity
from stepwright.api.errors import ApiError
from stepwright.http.messages import Refused, Request
from stepwright.http.names import Names

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
"""The type of requests and answers. All SDKs send it; a form or an image in a page cannot."""

TYPES: Final = frozenset({CONTENT_TYPE, identity.FORM})
"""A page can send a form, and its browser says so: all that it could learn this way is the account."""


def check_sender(request: Request, names: Names) -> None:
    """Raises Refused."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        raise Refused(
            "AccessDeniedException", "Requests from web pages are not served: send them from a program", 403
        )
    # A client that uses this server as its proxy (HTTP_PROXY) sends a whole URL, and means this server by any name.
    if not request.target.startswith("http://"):
        names.check(request)


def check_content_type(request: Request) -> str:
    """Which of ``TYPES`` it is. Raises ApiError."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in TYPES or "content-type" in request.repeated:
        raise ApiError(
            "UnsupportedMediaTypeException", f"The body of a request must be of the type {CONTENT_TYPE}", 415
        )
    return sent
