"""What a Connection says about a cluster of Kafka, read from ``spec.kafka`` of the custom resource, whose schema was checked before.

A client asks one broker where the others are. Those are connected to with the Connection's credentials, so a cluster does not name
whatever it likes: its brokers are in the domain of the host that the Connection names, or it names them itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from stepwright.tasks.calls import servers, target
from stepwright.tasks.calls.connection_parts import BadConnection
from stepwright.tasks.calls.policy import NotAllowed
from stepwright.tasks.calls.servers import Server
from stepwright.tasks.calls.target import BadUrl, Target

PORT: Final = 9092
MECHANISM: Final = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """``server``: the broker that is asked first. ``brokers``: where others may be, hosts and domains (``.example.com``)."""

    server: Server
    mechanism: str
    brokers: frozenset[str]

    def broker(self, host: str, port: int) -> Server:
        """A broker that the cluster names. Raises NotAllowed."""
        try:
            found = target.of("http", host, port)
        except BadUrl as bad:
            raise NotAllowed(f"The cluster names a broker at {host[:253]!r}, which {bad}.") from bad
        own = self.server.target
        if not any(_is_in(found.host, each) for each in {own.host, *_domain(own), *self.brokers}):
            raise NotAllowed(
                f"The cluster names a broker at {found.host}, which is not in the domain of {own.host}. "
                "If it is meant, name it in `brokers` of the Connection."
            )
        return replace(self.server, target=found)


def _domain(named: Target) -> tuple[str, ...]:
    """Of kafka.example.com it is ``.example.com``; addresses, and names of one or two parts, have none."""
    parent = named.host.partition(".")[2]
    return (f".{parent}",) if named.literal is None and "." in parent else ()


def _is_in(host: str, place: str) -> bool:
    return host == place or (place.startswith(".") and host.endswith(place))


def read(spec: Mapping[str, Any], *, loopback: bool = False) -> KafkaConnection:
    """Raises BadConnection."""
    kafka = spec.get("kafka")
    if not isinstance(kafka, Mapping):
        raise BadConnection("spec.kafka is missing: the Connection is for something else than Kafka.")
    server = servers.read(kafka, "spec.kafka", PORT, loopback=loopback)
    mechanism = kafka.get("mechanism") or MECHANISM
    if mechanism == "PLAIN" and server.login is not None and server.tls is None:
        raise BadConnection(
            "spec.kafka: the mechanism PLAIN sends the password as it is, and tls.mode is Disabled: name another mechanism."
        )
    brokers = frozenset(each.lower() for each in kafka.get("brokers") or ())
    return KafkaConnection(server, mechanism, brokers)
