"""What a Connection says to an integration that somebody else ships: ``spec.integration`` of the custom resource, whose schema was
checked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from stepwright.tasks.calls.connection_parts import BadConnection, Given, givens, network

KIND: Final = "integration"


@dataclass(frozen=True, slots=True)
class OwnConnection:
    integration: str
    values: Sequence[Given]
    networks: tuple[IPv4Network | IPv6Network, ...] = ()


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> OwnConnection:  # noqa: ARG001
    """Raises BadConnection."""
    own = spec.get(KIND)
    if not isinstance(own, Mapping):
        raise BadConnection(
            "spec.integration is missing: the Connection is for something else than an integration of others."
        )
    values = givens(own, "values", f"spec.{KIND}")
    names = [each.name for each in values]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadConnection(f"spec.{KIND}.values names {twice!r} twice.")
    networks = [
        network(text, f"spec.{KIND}.networks.{at}") for at, text in enumerate(own.get("networks") or ())
    ]
    return OwnConnection(own["name"], values, tuple(networks))
