"""Who tests what where several processes test."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.testcluster import durations, ladder, workers
from tests.testcluster.slots import SLOT
from tests.testcluster.workers import SomeHaveAClusterEach, own_slot


class Process:
    """Plays one that tests: it hears which tests, by their number, and whether more may come."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.waiting: deque[int] = deque()
        self.shutting_down = False
        self.done: list[str] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        assert not self.shutting_down
        self.waiting += numbers

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_run(self) -> bool:
        """A process runs its last test only once it knows that there is no other."""
        return len(self.waiting) > (0 if self.shutting_down else 1)


def scheduled(folder: Path, names: list[str], tests: list[str]) -> tuple[SomeHaveAClusterEach, list[Process]]:
    """The modules of these tests use a cluster where their name says so."""
    for module in {test.partition("::")[0] for test in tests}:
        (folder / module).write_text("pytestmark = pytest.mark.cluster\n" if "cluster" in module else "")
    options = SimpleNamespace(loadscopereorder=False)
    config: Any = SimpleNamespace(
        rootpath=folder, option=options, getvalue=lambda _: ["popen"] * len(names), getoption=lambda _: None
    )
    scheduling = SomeHaveAClusterEach(config)
    processes = [Process(name) for name in names]
    for process in processes:
        scheduling.add_node(process)
    for process in processes:
        scheduling.add_node_collection(process, tests)
    scheduling.schedule()
    return scheduling, processes


def play(scheduling: SomeHaveAClusterEach, processes: list[Process], tests: list[str]) -> None:
    """Each process that is alive runs its next test, in turns, until nothing is left."""
    while any(process.can_run for process in processes):
        for process in processes:
            if process.can_run:
                number = process.waiting.popleft()
                process.done.append(tests[number])
                scheduling.mark_test_complete(process, number)


def modules(process: Process) -> set[str]:
    return {test.partition("::")[0] for test in process.done}


TESTS = [
    f"{module}::test_{number}"
    for module in ("cluster_a", "cluster_b", "cluster_c", "one", "two", "three")
    for number in range(4)
]


def test_of_three_processes_two_test_on_clusters_and_all_on_what_is_left(tmp_path: Path) -> None:
    scheduling, processes = scheduled(tmp_path, ["gw0", "gw1", "gw2"], TESTS)
    play(scheduling, processes, TESTS)

    assert sorted(test for process in processes for test in process.done) == sorted(TESTS)
    assert {name for name in modules(processes[2]) if "cluster" in name} == set()
    assert all(any("cluster" in name for name in modules(process)) for process in processes[:2])
    assert not scheduling.has_pending


def test_a_module_is_tested_by_one_process(tmp_path: Path) -> None:
    scheduling, processes = scheduled(tmp_path, ["gw0", "gw1", "gw2"], TESTS)
    play(scheduling, processes, TESTS)

    assert sum(len(modules(process)) for process in processes) == 6


def test_one_without_a_cluster_ends_where_only_tests_on_clusters_are_left(tmp_path: Path) -> None:
    tests = [test for test in TESTS if "cluster" in test]
    scheduling, processes = scheduled(tmp_path, ["gw0", "gw1", "gw2"], tests)
    play(scheduling, processes, tests)

    assert processes[2].done == []
    assert all(process.shutting_down for process in processes)


def test_a_process_that_comes_for_one_that_died_has_its_turn(tmp_path: Path) -> None:
    scheduling, (first, second, third) = scheduled(tmp_path, ["gw0", "gw1", "gw2"], TESTS)
    crashed = scheduling.remove_node(first)
    late = Process("gw3")
    scheduling.add_node(late)
    scheduling.add_node_collection(late, TESTS)
    scheduling.schedule()
    processes = [second, third, late]
    play(scheduling, processes, TESTS)

    assert crashed == TESTS[0]
    assert sorted(test for process in processes for test in process.done) == sorted(TESTS)


def test_two_processes_share_no_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SLOT, raising=False)
    monkeypatch.delenv(ladder.GIVEN, raising=False)
    assert [own_slot(f"gw{number}", 3) for number in range(3)] == [0, 1, 0]
    assert [own_slot(f"gw{number}", 2) for number in range(2)] == [0, 0]
    monkeypatch.setenv(SLOT, "2")
    assert [own_slot(f"gw{number}", 3) for number in range(2)] == [2, 3]


def test_a_cluster_that_is_given_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ladder.GIVEN, "/some/kubeconfig")
    assert workers.clusters(6) == 1


def test_what_takes_longest_begins_first_and_what_needs_a_cluster_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durations, "FILE", tmp_path / "durations.json")
    durations.record({"long.py": 80.4, "cluster_short.py": 5, "cluster_long.py": 61.0, "short.py": 0.2})

    def item(module: str) -> Any:
        path = tmp_path / module
        path.write_text("pytestmark = pytest.mark.cluster\n" if "cluster" in module else "")
        return SimpleNamespace(nodeid=f"{module}::test", path=path, fixturenames=())

    items = [item(name) for name in ("short.py", "new.py", "cluster_short.py", "long.py", "cluster_long.py")]
    config: Any = SimpleNamespace(workerinput={})
    workers.pytest_collection_modifyitems(config, items)

    order = [found.path.name for found in items]
    assert order == ["cluster_long.py", "cluster_short.py", "long.py", "short.py", "new.py"]
    assert durations.recorded() == {"cluster_long.py": 61, "cluster_short.py": 5, "long.py": 80}
