"""What a Connection says about a server of NATS, read from ``spec.nats`` of the custom resource, whose schema was checked before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stepwright.tasks.calls import servers
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.servers import Server

PORT: Final = 4222


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> Server:
    """Raises BadConnection."""
    nats = spec.get("nats")
    if not isinstance(nats, Mapping):
        raise BadConnection("spec.nats is missing: the Connection is for something else than NATS.")
    return servers.read(nats, "spec.nats", PORT, loopback=loopback)
