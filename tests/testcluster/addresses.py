"""Address ranges that nothing on this machine leads to yet: another Kubernetes, a VPN or a bridge may be here already."""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from tests.testcluster.interface import ClusterUnavailable

#: Where to look, in this order. Not where others are by habit: 10.96.0.0/12 and 10.244.0.0/16 (kubeadm, flannel),
#: 10.42.0.0/15 (k3s), 172.17.0.0/16 and the next (Docker), 100.64.0.0/16 (Tailscale's own name server).
_CANDIDATES = (
    *(f"10.{second}.0.0/16" for second in range(212, 244)),
    *(f"172.{second}.0.0/16" for second in range(24, 32)),
    *(f"100.{second}.0.0/16" for second in range(72, 100)),
)


@dataclass(frozen=True)
class Addresses:
    """The ranges of one cluster, as CIDR texts; kept in its state, since who joins it needs them."""

    nodes: str
    pods: str
    services: str
    #: Of pods on the simulated node: no real pod and no service has one of them.
    simulated: str

    @property
    def host(self) -> str:
        """This machine's end of the nodes' network."""
        return self._of(self.nodes, 1)

    @property
    def node(self) -> str:
        return self._of(self.nodes, 2)

    @property
    def prefix(self) -> int:
        return ipaddress.ip_network(self.nodes).prefixlen

    @property
    def api_service(self) -> str:
        """Where pods find the API server: the first address of the services' range, as the API server takes it."""
        return self._of(self.services, 1)

    @property
    def dns(self) -> str:
        """Pods ask here for names. Nothing answers, and says so at once: no name server is worth a five-second time-out."""
        return self._of(self.services, 10)

    @staticmethod
    def _of(network: str, number: int) -> str:
        return str(ipaddress.ip_network(network)[number])


def free_addresses(slot: int = 0) -> Addresses:
    """Four ranges without a route, looked for from another place in each slot: that of the simulated node has none ever.
    Raises ClusterUnavailable where there are fewer."""
    taken = list(_routed(_routes()))
    free = [
        candidate
        for candidate in (*_CANDIDATES[4 * slot :], *_CANDIDATES[: 4 * slot])
        if not any(ipaddress.ip_network(candidate).overlaps(network) for network in taken)
    ]
    if len(free) < 4:
        shown = ", ".join(sorted(str(network) for network in taken))
        raise ClusterUnavailable(
            "this machine has routes to nearly all private addresses, so none are left for pods and services. "
            f"Routed already: {shown}"
        )
    return Addresses(*free[:4])


def _routes() -> str:
    done = subprocess.run(
        ["ip", "-json", "-4", "route", "show", "table", "all"], text=True, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise ClusterUnavailable(f"`ip route show` failed: {done.stderr.strip()}")
    return done.stdout or "[]"


def _routed(routes: str) -> Iterator[IPv4Network]:
    for route in json.loads(routes):
        if route["dst"] != "default":
            yield IPv4Network(route["dst"])
