"""``make bench``: the figures of docs/performance.md, from one run on the test cluster.

``python -m bench SUBJECT...`` runs some of them.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
import tempfile
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bench import tasks, transitions
from stepwright import __version__
from tests.cluster import Cluster, ClusterUnavailable, ladder
from tests.operator_process import ROOT, OperatorFailed, OperatorProcess

Subject = Callable[[Cluster, str, OperatorProcess], Coroutine[Any, Any, None]]

SUBJECTS: dict[str, Subject] = {
    "tasks": lambda cluster, namespace, operator: tasks.run(cluster, namespace, operator, tasks.REAL),
    "tasks-kwok": lambda cluster, namespace, operator: tasks.run(cluster, namespace, operator, tasks.KWOK),
    "transitions": transitions.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Figures from one run on the test cluster."
    )
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(SUBJECTS)}; default: all"
    )
    names = parser.parse_args().subjects or list(SUBJECTS)
    if unknown := set(names) - SUBJECTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    try:
        cluster = ladder.join()
    except ClusterUnavailable as error:
        print(f"no cluster: {error}", file=sys.stderr)
        return 1
    try:
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
        version = cluster.kubectl("version", "-o", "json").split('"gitVersion": "')[-1].split('"')[0]
        print(
            f"Stepwright {__version__}, Kubernetes {version} ({cluster.kind}), Python {platform.python_version()}, "
            f"{platform.machine()}"
        )
        for name in names:
            if name.endswith("-kwok"):
                if not cluster.can("kwok"):
                    print(f"\n{name}: left out, this cluster cannot simulate a node")
                    continue
                cluster.start_kwok()
            measure(cluster, name)
    except OperatorFailed as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        ladder.leave()
    return 0


def measure(cluster: Cluster, name: str) -> None:
    """One subject, with an operator and a namespace of its own."""
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as folder:
        operator = OperatorProcess(
            cluster,
            Path(folder) / "operator.log",
            f"--namespace={namespace}",
            "--log-level=warning",
            lease_namespace=namespace,
        )
        with operator:
            try:
                asyncio.run(SUBJECTS[name](cluster, namespace, operator))
            finally:
                cluster.kubectl(
                    "delete", "statemachines", "--all", "-n", namespace, "--timeout=60s", check=False
                )
                cluster.kubectl("delete", "namespace", namespace, "--wait=false", check=False)


if __name__ == "__main__":
    sys.exit(main())
