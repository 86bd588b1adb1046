"""The test cluster beside networks that are there already."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.testcluster import addresses
from tests.testcluster.addresses import free_addresses
from tests.testcluster.interface import ClusterUnavailable


def routed(monkeypatch: pytest.MonkeyPatch, *destinations: str) -> None:
    text = json.dumps([{"dst": destination} for destination in destinations])
    monkeypatch.setattr(addresses, "_routes", lambda: text)


def test_a_cluster_keeps_off_ranges_that_are_routed_already(monkeypatch: pytest.MonkeyPatch) -> None:
    routed(monkeypatch, "default", "127.0.0.0/8", "10.244.0.0/24", "10.212.1.0/24", "10.214.0.9")
    found = free_addresses()
    assert (found.nodes, found.pods, found.services, found.simulated) == (
        "10.213.0.0/16",
        "10.215.0.0/16",
        "10.216.0.0/16",
        "10.217.0.0/16",
    )
    assert (found.host, found.node, found.prefix) == ("10.213.0.1", "10.213.0.2", 16)
    assert (found.api_service, found.dns) == ("10.216.0.1", "10.216.0.10")


def test_a_machine_whose_vpn_has_all_of_one_private_network_gets_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routed(monkeypatch, "10.0.0.0/8", "172.16.0.0/13")
    assert free_addresses().pods == "172.25.0.0/16"


def test_a_machine_without_free_addresses_is_told_what_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    routed(monkeypatch, "10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10")
    with pytest.raises(
        ClusterUnavailable, match=r"Routed already: 10\.0\.0\.0/8, 100\.64\.0\.0/10, 172\.16\.0\.0/12"
    ):
        free_addresses()


def test_the_routes_of_this_machine_can_be_read() -> None:
    if shutil.which("ip") is None:
        pytest.skip("this machine has no `ip` command")
    assert free_addresses().pods.endswith(".0.0/16")
