"""Cookies that only this server sees, over TLS, and no script.

``SameSite=Lax``: whoever comes back from a login provider comes from another site; everything that changes something asks for more
(``admission``).
"""

from __future__ import annotations

from stepwright.http.messages import Request


def cookie(request: Request, name: str) -> str | None:
    for pair in request.headers.get("cookie", "").split(";"):
        found, _, value = pair.strip().partition("=")
        if found == name and value:
            return value
    return None


def set_cookie(name: str, value: str, seconds: int | None = None) -> str:
    """The value of Set-Cookie. ``seconds``: for how long; None: as long as the browser's session."""
    lasts = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{lasts}"
