"""Looks up the addresses of hosts, in threads of its own: a name server that answers nothing holds up no other work of this
process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from stepwright.tasks.calls.addresses import look_up
from stepwright.tasks.calls.target import Address, Target

_AT_ONCE: Final = 16

_OF_OPENSSL: Final = re.compile(r"\A\[SSL: \w+\] | \(_ssl\.c:\d+\)\Z")
"""Around its words stand a constant, and a line of Python's source."""

Lookup = Callable[[str, int], Sequence[Address]]
"""The addresses of a host; blocks. Raises OSError."""


class NoSuchHost(Exception):  # noqa: N818 - it names a condition
    """Why its addresses are not known, as a whole sentence."""


@dataclass(slots=True)
class HostNames:
    lookup: Lookup = look_up
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="names of hosts")
    )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def addresses(self, called: Target) -> Sequence[Address]:
        """Raises NoSuchHost."""
        if called.literal is not None:
            return [called.literal]
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self.lookup, called.host, called.port)
        except (OSError, UnicodeError) as error:
            raise NoSuchHost(f"The name {called.host} cannot be resolved: {words(error)}.") from error


def words(error: BaseException) -> str:
    """What the system says of it, as the end of a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return _OF_OPENSSL.sub("", error.strerror)
    return str(error) or type(error).__name__
