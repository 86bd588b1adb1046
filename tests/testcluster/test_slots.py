"""Clusters side by side: what each calls its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testcluster import addresses
from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.locations import run_folder
from tests.testcluster.slots import SLOT, Slot, of_folder, slot


def test_no_two_slots_share_a_name() -> None:
    all_names = [
        {found.bridge, found.host_end, found.folder_name, found.cgroups, found.kind_name}
        for found in map(Slot, range(8))
    ]
    assert len(set().union(*all_names)) == sum(len(names) for names in all_names) == 8 * 5


def test_names_of_interfaces_are_as_short_as_the_kernel_wants_them() -> None:
    assert all(len(name) <= 15 for name in (Slot(7).bridge, Slot(7).host_end))


def test_who_says_nothing_gets_the_first_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SLOT, raising=False)
    assert slot() == Slot(0)
    assert of_folder(run_folder()) == 0


def test_the_environment_says_which_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLOT, "2")
    assert slot() == Slot(2)
    assert of_folder(run_folder()) == 2


@pytest.mark.parametrize("given", ["8", "-1", "one"])
def test_a_slot_that_there_is_not_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLOT, given)
    with pytest.raises(ClusterUnavailable, match=f"a number from 0 to 7, not '{given}'"):
        slot()


def test_a_folder_of_something_else_has_no_slot() -> None:
    assert of_folder(Path("/tmp/stepwright-cluster-0-failed-logs")) is None


def test_clusters_side_by_side_have_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_routes", lambda: "[]")
    found = [addresses.free_addresses(number) for number in range(8)]
    networks = {network for one in found for network in (one.nodes, one.pods, one.services, one.simulated)}
    assert len(networks) == 4 * 8
