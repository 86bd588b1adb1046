"""``make demo``: a cluster comes up and an order is processed, as kubectl sees it.

The ladder of clusters is the tests' own (tests/cluster/README.md). What was up before stays up; what this started is
ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.cluster import Cluster, ClusterUnavailable, ladder
from tests.operator_process import OperatorFailed, OperatorProcess

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "order-processing"
NAMESPACE = "stepwright-demo"
SECONDS = 180

_GREEN, _RED, _DIM, _BOLD, _END = ("\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m")
if not sys.stdout.isatty():
    _GREEN = _RED = _DIM = _BOLD = _END = ""
_MARKS = {
    "Succeeded": f"{_GREEN}✔{_END}",
    "Failed": f"{_RED}✘{_END}",
    "Caught": f"{_RED}↷{_END}",
    "Aborted": f"{_RED}■{_END}",
    "TimedOut": f"{_RED}⌛{_END}",
}


def main() -> int:
    try:
        say(
            "A real Kubernetes: API server, kubelet, containers (the first time takes minutes, later 10 seconds)"
        )
        cluster = ladder.join()
    except ClusterUnavailable as error:
        print(f"no cluster: {error}", file=sys.stderr)
        return 1
    try:
        return show(cluster)
    except OperatorFailed as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        ladder.leave()


def show(cluster: Cluster) -> int:
    run(cluster, "apply", "--server-side", "-f", "crds/")
    run(
        cluster,
        "wait",
        "--for=condition=Established",
        "crd/executions.stepwright.dev",
        "crd/statemachines.stepwright.dev",
    )
    with tempfile.TemporaryDirectory(prefix="stepwright-demo-") as folder:
        operator = OperatorProcess(cluster, Path(folder) / "operator.log")
        say(f"The operator, from this checkout (its log: {operator.log_path})")
        with operator:
            cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
            cluster.kubectl("create", "namespace", NAMESPACE)
            try:
                return process_order(cluster)
            finally:
                cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def process_order(cluster: Cluster) -> int:
    say("A workflow in Amazon States Language, and an order for it")
    for file in ("statemachine.yaml", "execution.yaml"):
        run(cluster, "apply", "-n", NAMESPACE, "-f", str((EXAMPLE / file).relative_to(ROOT)))
    say("Its transitions, from status.transitions, as they happen")
    follow(cluster, "order-7")
    say("What is left to read")
    run(cluster, "get", "executions,jobs", "-n", NAMESPACE)
    ended = get(cluster, "order-7")
    print()
    status = ended["status"]
    if status["phase"] != "Succeeded":
        print(f"{_RED}{status['phase']}{_END}: {status.get('error')}: {status.get('cause')}")
        return 1
    print(f"{_GREEN}{status['phase']}{_END} after {status['duration']}: {_BOLD}{status['output']}{_END}")
    return 0


def follow(cluster: Cluster, name: str) -> None:
    """Print a line for each change of a transition until the execution has ended."""
    shown: dict[int, tuple[Any, Any]] = {}
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        execution = get(cluster, name)
        status = execution.get("status") or {}
        for entry in status.get("transitions") or ():
            known = (entry.get("outcome"), entry.get("attempts"))
            if shown.get(entry["id"]) != known:
                shown[entry["id"]] = known
                show_transition(entry, time.monotonic() - began)
        if status.get("phase") not in ("Pending", "Running"):
            return
        time.sleep(0.1)
    raise OperatorFailed(f"the execution has not ended after {SECONDS} s")


def show_transition(entry: dict[str, Any], seconds: float) -> None:
    outcome = entry.get("outcome")
    mark = _MARKS.get(outcome, f"{_DIM}▸{_END}") if outcome else f"{_DIM}▸{_END}"
    words = [f"{_DIM}{seconds:5.1f}s{_END}", mark, f"{entry['path']:<28}", f"{entry['type']:<9}"]
    if outcome is None and entry.get("attempts", 1) > 1:
        words.append(f"attempt {entry['attempts']}")
    if outcome is not None:
        words.append(f"{outcome:<10} {entry.get('durationSeconds', 0):6.2f}s")
    if entry.get("error"):
        words.append(entry["error"])
    if entry.get("job"):
        words.append(f"{_DIM}job/{entry['job']}{_END}")
    print(" ".join(words), flush=True)


def get(cluster: Cluster, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        cluster.kubectl("get", "execution", name, "-n", NAMESPACE, "-o", "json")
    )
    return found


def run(cluster: Cluster, *arguments: str) -> None:
    """kubectl, shown with what it prints."""
    print(f"{_DIM}$ kubectl {' '.join(arguments)}{_END}", flush=True)
    subprocess.run(
        [str(cluster.kubectl_path), f"--kubeconfig={cluster.kubeconfig}", *arguments], check=True, cwd=ROOT
    )


def say(text: str) -> None:
    print(f"\n{_BOLD}{text}{_END}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
