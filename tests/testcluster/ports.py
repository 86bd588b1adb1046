"""TCP ports for servers that tests start, and start again."""

from __future__ import annotations

import random
import socket
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
#: Kubernetes gives ports from 30000 on to Services.
_LOWEST, _HIGHEST = 15_000, 29_999
#: Two runs at once must not draw the same ports one after the other; a test's seed has no say in this.
_random = random.SystemRandom()


LOOPBACK = "127.0.0.1"


def free_port(address: str = LOOPBACK) -> int:
    """One that nobody listens on, and that the kernel gives to no connection of its own accord.

    A port that it may give away can be taken while its server is away for a while: the client that tries to reach the
    server may even be given that very port, and be connected with itself.
    """
    candidates = range(_LOWEST, min(_HIGHEST, _first_ephemeral() - 1) + 1)
    if not candidates:
        raise ClusterUnavailable(
            f"{_EPHEMERAL} leaves no port between {_LOWEST} and {_HIGHEST} for servers; raise its first number"
        )
    for port in _random.sample(candidates, min(200, len(candidates))):
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
            return port
    raise ClusterUnavailable(f"no free port between {candidates[0]} and {candidates[-1]} on {address}")


def _first_ephemeral() -> int:
    try:
        return int(_EPHEMERAL.read_text().split()[0])
    except FileNotFoundError:
        return 32_768  # not Linux: what it would be there
