"""Whether a Connection may be used for a URL, and which of a host's addresses may be connected to: nothing but data.

A Connection names whatever may be called with its credentials, as beginnings of URLs (``allow``). To hosts of these, public
addresses are connected to; private ones where the Connection says so: by naming the address or a Service of the cluster
(``NAME.NAMESPACE.svc``) in ``allow``, or the network in ``networks``. A name whose owner lets it point inwards tomorrow gets no
connection. Addresses of the machine itself only where ``loopback`` says that it is the user's own; link-local ones, by which
clouds hand out a machine's credentials, never.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from stepwright.tasks.calls import addresses, target
from stepwright.tasks.calls.addresses import Reach
from stepwright.tasks.calls.target import Address, BadUrl, Target

_SERVICES: Final = (".svc", ".svc.cluster.local")
_OWN: Final = ".localhost"


class NotAllowed(Exception):  # noqa: N818 - it names a condition
    """Why a request is not made, as a whole sentence."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``loopback``: whether this machine is the user's own, and may be named."""

    allow: tuple[Target, ...]
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    loopback: bool = False


def prefix(text: str) -> Target:
    """What ``allow`` names. Raises BadUrl."""
    found = target.parse(text)
    if found.query or "?" in text:
        raise BadUrl("has a query; what is allowed begins with a scheme, a host and a path")
    return found


def allowed(url: str, policy: Policy) -> Target:
    """Raises NotAllowed."""
    try:
        found = target.parse(url)
    except BadUrl as bad:
        raise NotAllowed(f"The URL {bad}.") from bad
    if not any(_begins(found, prefix) for prefix in policy.allow):
        named = ", ".join(prefix.url for prefix in policy.allow) or "nothing"
        raise NotAllowed(f"{found.shown} is not allowed: the Connection allows {named}.")
    return found


def reachable(called: Target, policy: Policy, found: Iterable[Address]) -> Sequence[Address]:
    """Those of the addresses of its host that may be connected to, at least one. Raises NotAllowed."""
    found = tuple(found)
    chosen = [address for address in found if _may_connect(called, policy, address)]
    if not chosen:
        raise NotAllowed(_why(called, found))
    return chosen


def _begins(called: Target, prefix: Target) -> bool:
    if (called.scheme, called.host, called.port) != (prefix.scheme, prefix.host, prefix.port):
        return False
    return called.path == prefix.path or called.path.startswith(
        prefix.path if prefix.path.endswith("/") else prefix.path + "/"
    )


def _may_connect(called: Target, policy: Policy, address: Address) -> bool:
    match addresses.reach(address):
        case Reach.PUBLIC:
            return True
        case Reach.PRIVATE:
            named = called.literal == address or called.host.endswith(_SERVICES)
            return named or any(address in network for network in policy.networks)
        case Reach.LOOPBACK:
            return policy.loopback and (called.literal == address or f".{called.host}".endswith(_OWN))
        case Reach.NEVER:
            return False


def _why(called: Target, found: Sequence[Address]) -> str:
    if not found:
        return f"The host {called.host} has no address."
    first = found[0]
    kind = addresses.reach(first)
    cause = f"The host {called.host} may not be connected to at {first}, an address that is {kind.value}."
    if kind is Reach.PRIVATE:
        cause += " If it is meant, name its network in `networks` of the Connection."
    return cause
