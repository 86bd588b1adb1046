"""``make bench``: the figures of docs/performance.md, each subject's from one run. ``make bench-check``: compares ratios.

``python -m bench SUBJECT...`` runs some of them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import sys
import tempfile
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import (
    calls,
    calls_dev,
    console,
    costly,
    costly_dev,
    embedded,
    emulators,
    index,
    interpreter,
    large,
    long,
    maps,
    maps_in_cluster,
    page,
    ratios,
    ready,
    replicas,
    restarting,
    table,
    tasks,
    tenants,
    transitions,
    waiting,
    week,
)
from stepwright import __version__
from tests.processes.operators import ROOT, UNLIMITED_HISTORIES, OperatorFailed, OperatorProcess
from tests.testcluster import Cluster, ClusterUnavailable, ladder
from tests.testcluster.alone import kubernetes_version

OnCluster = Callable[[Cluster, str, OperatorProcess], Coroutine[Any, Any, None]]
OnItsOwn = Callable[[Path, int | None], None]
"""With a folder for logs, and how many executions to take instead of its usual number."""

ON_CLUSTER: dict[str, OnCluster] = {
    "tasks": lambda cluster, namespace, operator: tasks.run(cluster, namespace, operator, tasks.REAL),
    "tasks-kwok": lambda cluster, namespace, operator: tasks.run(cluster, namespace, operator, tasks.KWOK),
    "transitions": transitions.run,
    "calls": calls.run,
    "long": long.run,
    "maps-cluster": maps_in_cluster.run,
}
ON_ITS_OWN: dict[str, OnItsOwn] = {
    "calls-dev": lambda folder, _count: calls_dev.run(folder),
    "console": lambda folder, _count: console.run(folder),
    "costly-dev": lambda folder, count: costly_dev.run(folder, count or costly_dev.COUNT),
    "embedded": lambda folder, count: embedded.run(folder, count or embedded.COUNT),
    "emulators": lambda folder, count: emulators.run(folder, count or emulators.COUNT),
    "index": lambda folder, count: index.run(folder, count or index.COUNT),
    "interpreter": lambda _folder, _count: interpreter.run(),
    "large": lambda folder, count: large.run(folder, count or large.COUNT),
    "maps": lambda folder, count: maps.run(folder, count or maps.COUNT),
    "ready": lambda folder, _count: ready.run(folder),
    "restarting": lambda folder, count: restarting.run(folder, count or restarting.COUNT),
    "waiting": lambda folder, count: waiting.run(folder, count or waiting.COUNT),
    "week": lambda folder, count: week.run(folder, count or week.COUNT),
}
WithOperatorsOfItsOwn = Callable[[Cluster, str, Path, int | None], Coroutine[Any, Any, None]]
WITH_OPERATORS_OF_ITS_OWN: dict[str, WithOperatorsOfItsOwn] = {
    "replicas": lambda cluster, namespace, folder, _count: replicas.run(cluster, namespace, folder),
    "tenants": lambda cluster, namespace, folder, count: tenants.run(
        cluster, namespace, folder, count or tenants.COUNT
    ),
    "costly": lambda cluster, namespace, folder, count: costly.run(
        cluster, namespace, folder, count or costly.COUNT
    ),
}
NAMES = (*ON_CLUSTER, *WITH_OPERATORS_OF_ITS_OWN, *ON_ITS_OWN)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figures, each from one run.")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument(
        "--check", action="store_true", help="fail where a ratio misses its goal or is worse than recorded"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="write the ratios to bench/recorded.json and docs/performance.md",
    )
    parser.add_argument(
        "--count",
        type=int,
        help="executions of waiting, restarting, large, week, index, embedded, tenants and costly, items of maps, rounds of costly-dev; their ratios then do not count",
    )
    options = parser.parse_args()
    names = options.subjects or list(NAMES)
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    # Told to end, too, it takes down what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"Stepwright {__version__}, {machine()}, {versions()}", flush=True)
    try:
        for name in names:
            if name in ON_ITS_OWN:
                with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as folder:
                    ON_ITS_OWN[name](Path(folder), options.count)
        if on_cluster := [name for name in names if name not in ON_ITS_OWN]:
            with test_cluster() as cluster:
                for name in on_cluster:
                    if name in ON_CLUSTER:
                        measure(cluster, name)
                    else:
                        measure_operators(cluster, name, options.count)
    except (ClusterUnavailable, OperatorFailed) as error:
        print(error, file=sys.stderr)
        return 1
    missing = [] if options.count else ratios.unmeasured(names, ratios.noted.values)
    return conclude(missing, check=options.check, record=options.record)


def conclude(missing: Sequence[str], *, check: bool, record: bool) -> int:
    """The ratios of this run; 1 where they are checked and one fails, or is ``missing``: with --count none is, as the
    ratios of some subjects then do not count."""
    verdicts = ratios.compare(ratios.noted.values, ratios.load())
    table.show(
        "Ratios",
        ["ratio", "goal", "recorded", "now", "allowed", "verdict"],
        [
            [
                verdict.name,
                f"{verdict.goal.bound} {verdict.goal.value:g}",
                "" if verdict.recorded is None else f"{verdict.recorded:.2f}",
                verdict.now,
                verdict.allowed,
                verdict.problem or "good",
            ]
            for verdict in verdicts
        ],
    )
    for name in missing:
        print(f"not measured: {name}")
    if record:
        date = datetime.now(UTC).date().isoformat()
        ratios.record(ratios.noted.values, ratios.Conditions(date, machine(), versions()))
        page.PAGE.write_text(page.with_goals(page.PAGE.read_text()))
    return int(check and (bool(missing) or not all(verdict.passed for verdict in verdicts)))


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}"


def versions() -> str:
    return f"Python {platform.python_version()}, Linux {platform.release()}"


@contextmanager
def test_cluster() -> Iterator[Cluster]:
    cluster = ladder.join()
    try:
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
        print(f"\nKubernetes {kubernetes_version(cluster)} ({cluster.kind})", flush=True)
        yield cluster
    finally:
        ladder.leave()


def measure(cluster: Cluster, name: str) -> None:
    """One subject, with an operator and a namespace of its own."""
    if name.endswith("-kwok"):
        if not cluster.can("kwok"):
            print(f"\n{name}: left out, this cluster cannot simulate a node")
            return
        cluster.start_kwok()
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as folder:
        operator = OperatorProcess(
            cluster,
            Path(folder) / "operator.log",
            f"--namespace={namespace}",
            "--log-level=warning",
            *UNLIMITED_HISTORIES,
            lease_namespace=namespace,
        )
        with operator:
            try:
                asyncio.run(ON_CLUSTER[name](cluster, namespace, operator))
            finally:
                cluster.kubectl(
                    "delete", "statemachines", "--all", "-n", namespace, "--timeout=60s", check=False
                )
                cluster.kubectl("delete", "namespace", namespace, "--wait=false", check=False)


def measure_operators(cluster: Cluster, name: str, count: int | None) -> None:
    """One subject that starts operators itself, in a namespace of its own."""
    if not cluster.can("kwok"):
        print(f"\n{name}: left out, this cluster cannot simulate a node")
        return
    cluster.start_kwok()
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as folder:
        try:
            asyncio.run(WITH_OPERATORS_OF_ITS_OWN[name](cluster, namespace, Path(folder), count))
        finally:
            # Nobody is there who would consent.
            release = '{"metadata":{"finalizers":null}}'
            for found in cluster.kubectl("get", "sm", "-n", namespace, "-o", "name", check=False).split():
                cluster.kubectl("patch", found, "-n", namespace, "--type=merge", "-p", release, check=False)
            cluster.kubectl("delete", "namespace", namespace, "--wait=false", check=False)


if __name__ == "__main__":
    sys.exit(main())
