"""Who is let in: the console's own pages. What a browser says of another page's request cannot be changed by that page.

https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

import hmac
from typing import Final

from stepwright.http.messages import Refused, Request
from stepwright.http.names import Names

TOKEN_HEADER: Final = "x-stepwright-console"  # noqa: S105 - a name
"""Its value is a session's token: no other page knows it, or could send such a header without asking first."""

JSON: Final = "application/json"

_SAME: Final = "same-origin"


def check_sender(request: Request, names: Names) -> None:
    """For every route. Raises Refused."""
    names.check(request)
    if "origin" in request.headers and not _has_own_origin(request):
        raise _denied("This request came from another page: only the console's own pages may send it")
    if request.headers.get("sec-fetch-site", _SAME) not in (_SAME, "none") and not _opens_page(request):
        raise _denied("This request came from another page: only the console's own pages may send it")


def check_change(request: Request, token: str) -> None:
    """For what changes something. Raises Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Refused("UnsupportedMediaTypeException", f"The type of a request must be {JSON}", 415)
    if not _has_own_origin(request) and request.headers.get("sec-fetch-site") != _SAME:
        raise _denied(
            "Only the console's own pages may do this, and neither Origin nor Sec-Fetch-Site says that it is one"
        )
    check_token(request, token)


def check_token(request: Request, token: str) -> None:
    """Raises Refused."""
    sent = request.headers.get(TOKEN_HEADER, "")
    if not hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), token.encode()):
        raise Refused(
            "StaleToken",
            f"The header {TOKEN_HEADER} does not have the token of this session: fetch it from v1/me again",
            403,
        )


def _has_own_origin(request: Request) -> bool:
    """Pages of this server come by whatever name the request itself was sent to; TLS may end before it gets here."""
    origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def _opens_page(request: Request) -> bool:
    """A link somewhere else leads here: the page that opens does nothing yet, and can be in no frame."""
    headers = request.headers
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _denied(message: str) -> Refused:
    return Refused("AccessDeniedException", message, 403)
