"""What clients call a server by. A page may point a name of its own at this machine (DNS rebinding) and so choose what it
sends, but not hide the name that it was loaded from: browsers send that as ``Host``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from stepwright.http.messages import Refused, Request

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

_SYNC: Final = "sync-"
"""What SDKs put before the name of the endpoint for StartSyncExecution and TestState."""


@dataclass(frozen=True, slots=True)
class Names:
    """In lower case, without ports."""

    names: frozenset[str]

    @classmethod
    def of(cls, host_names: Iterable[str] = ()) -> Self:
        """For a server of this machine that has these names beside those of the loopback."""
        names = {name.lower() for name in (*LOOPBACK, *host_names)}
        return cls(frozenset(names | {_SYNC + name for name in names}))

    def check(self, request: Request) -> None:
        """Raises Refused."""
        host = request.headers.get("host", "")
        if "host" in request.repeated or _name(host) not in self.names:
            raise Refused(
                "AccessDeniedException",
                f"This server is not called {_shown(host)}; it answers to {', '.join(sorted(self.names))} "
                "(`--host-name` adds names)",
                403,
            )


def _name(host: str) -> str:
    """The name without its port, which forwarding may have changed."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name = host
    return name.lower().removesuffix(".")


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 100 else f"{text[:100]}...")
