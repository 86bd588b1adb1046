"""What kinds of addresses there are, for whoever connects on behalf of somebody else.

Sources: the registries of special addresses, https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry; where clouds hand a machine its credentials: link-local
169.254.0.0/16, and beside it fd00:ec2::254 (AWS), 100.100.100.200 (Alibaba), 168.63.129.16 (Azure).
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from stepwright.tasks.calls.target import Address


class Reach(Enum):
    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "of the machine itself"
    NEVER = "no host's, or a machine's metadata"
    """Link-local, multicast, unspecified, reserved; and IPv4 in IPv6, by which an address could be written twice."""


_NEVER: Final = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            *("168.63.129.16/32", "100.100.100.200/32"),
            *("::/96", "::ffff:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"),
            *("fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::/32"),
        ),
    )
)
PRIVATE: Final = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7"),
    )
)
_LOOPBACK: Final = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))
_SIX_TO_FOUR: Final = ip_network("2002::/16")
_NAT64: Final = ip_network("64:ff9b::/96")


def reach(address: Address) -> Reach:
    if any(address in network for network in _LOOPBACK):
        return Reach.LOOPBACK
    if any(address in network for network in _NEVER):
        return Reach.NEVER
    inner = _carried(address)
    if inner is not None:
        # Translated on the way: a public one is a public host's; no other is called by this detour.
        return Reach.PUBLIC if reach(inner) is Reach.PUBLIC else Reach.NEVER
    if any(address in network for network in PRIVATE):
        return Reach.PRIVATE
    return Reach.PUBLIC


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address to which NAT64 (RFC 6052) or 6to4 (RFC 3056) takes it."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour if address in _SIX_TO_FOUR else None


def look_up(host: str, port: int) -> Sequence[Address]:
    """By the system's resolver, which blocks. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(address[0]).partition("%")[0]) for *_, address in found))
