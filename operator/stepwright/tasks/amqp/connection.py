"""What a Connection says about a server of AMQP, read from ``spec.amqp`` of the custom resource, whose schema was checked before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.tasks.calls import servers
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.servers import Server

PORT: Final = 5671
PORT_WITHOUT_TLS: Final = 5672


@dataclass(frozen=True, slots=True)
class AmqpConnection:
    server: Server
    virtual_host: str


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> AmqpConnection:
    """Raises BadConnection."""
    amqp = spec.get("amqp")
    if not isinstance(amqp, Mapping):
        raise BadConnection("spec.amqp is missing: the Connection is for something else than AMQP.")
    plain = (amqp.get("tls") or {}).get("mode") == "Disabled"
    server = servers.read(amqp, "spec.amqp", PORT_WITHOUT_TLS if plain else PORT, loopback=loopback)
    if server.login is None and (server.tls is None or server.tls.certificate is None):
        raise BadConnection(
            "spec.amqp names nobody who calls: it takes auth, or a certificate (tls.certificateFrom)."
        )
    return AmqpConnection(server, amqp.get("virtualHost") or "/")
