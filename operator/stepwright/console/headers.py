"""What every answer asks of the browser: to run nothing but our own scripts, to guess no types, to tell nobody where one was."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SAFE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }
)

DATA: Final[Mapping[str, str]] = MappingProxyType(
    {
        **SAFE,
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
    }
)
"""For everything that is not a file: opened by itself it is text, and nobody keeps it."""


def of_page(nonce: str) -> dict[str, str]:
    """``nonce`` allows the styles that the page's libraries write into it."""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {**SAFE, "Content-Security-Policy": policy, "Cache-Control": "no-cache"}
