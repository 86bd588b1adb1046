"""``make demo``: a cluster comes up and an order is processed, as kubectl sees it.

The ladder of clusters is the tests' own (tests/testcluster/README.md). What was up before stays up; what this started is
ended. The operator serves the demo's namespace only, so that nothing else in the cluster is touched but the CRDs.
Where no cluster can be had, the same order is processed in the embedded mode.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from examples import demo_console
from tests.processes.operators import OperatorFailed, OperatorProcess
from tests.testcluster import Cluster, ClusterUnavailable, ladder
from tests.testcluster.interface import CommandFailed

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "order-processing"
NAMESPACE = "stepwright-demo"
EXECUTION = "order-7"
SECONDS = 180
CONSOLE_PAGE = f"{NAMESPACE}/executions/order-processing/{EXECUTION}"

_COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_GREEN, _RED, _YELLOW, _DIM, _BOLD, _END = (
    ("\033[32m", "\033[31m", "\033[33m", "\033[2m", "\033[1m", "\033[0m") if _COLOURS else ("",) * 6
)
_MARKS = {
    "Succeeded": f"{_GREEN}✔{_END}",
    "Failed": f"{_RED}✘{_END}",
    "Caught": f"{_YELLOW}↷{_END}",
    "Aborted": f"{_RED}■{_END}",
    "TimedOut": f"{_RED}✘{_END}",
}
_BEGUN = f"{_DIM}▸{_END}"
_AGAIN = f"{_YELLOW}↻{_END}"

# What examples/order-processing/statemachine.yaml says.
_PICTURE = """\
  CheckOrder ─┬─ ValidatePayment ─┬─▸ InStock ─▸ Ship ─▸ Notify ─▸ Receipt
   (Parallel) └─ CheckInventory ──┘   (Choice)   (Retry)  (Catch)
                     └─▸ Rejected        └─▸ OutOfStock
"""


def main() -> int:
    step(1, "A real Kubernetes: API server, scheduler, kubelet, containers")
    note("built from source the first time, which takes some minutes; then it is up in seconds")
    try:
        cluster = ladder.join()
    except ClusterUnavailable as error:
        print(f"no cluster: {error}", file=sys.stderr)
        return show_embedded()
    try:
        return show(cluster)
    except (OperatorFailed, CommandFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        return 1  # kubectl has said why
    except KeyboardInterrupt:
        return 130
    finally:
        ladder.leave()


def show(cluster: Cluster) -> int:
    run(cluster, "version")
    step(2, "Stepwright: three kinds of objects, and the operator from this checkout")
    run(cluster, "apply", "--server-side", "-f", "crds/")
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))
    clear_away(cluster)
    cluster.kubectl("create", "namespace", NAMESPACE)
    with tempfile.TemporaryDirectory(prefix="stepwright-demo-") as folder:
        log_path = Path(folder) / "operator.log"
        operator = OperatorProcess(cluster, log_path, f"--namespace={NAMESPACE}", lease_namespace=NAMESPACE)
        print(f"{_DIM}$ stepwright operator --namespace {NAMESPACE}{_END}", flush=True)
        with operator:
            note(f"at work as process {operator.pid}, its log is in {log_path}")
            try:
                code = process_order(cluster, operator)
                if "OPEN" in os.environ:
                    step(6, "The same in a browser: stepwright server, and its console")
                    demo_console.keep_open(cluster, NAMESPACE, CONSOLE_PAGE)
                else:
                    note("make demo OPEN=1 keeps all this until Ctrl+C, and shows it in a browser")
                return code
            finally:
                # State machines leave only with an operator's consent, so they go while it is there.
                cluster.kubectl(
                    "delete", "statemachines", "--all", "-n", NAMESPACE, "--timeout=30s", check=False
                )
                cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


def show_embedded() -> int:
    """The same state machine and input without a cluster: its Jobs are processes of this machine."""
    step(2, "No Kubernetes then: the same workflow in one process, its tasks as processes of this machine")
    print(_PICTURE, flush=True)
    order = yaml.safe_load((EXAMPLE / "execution.yaml").read_text(encoding="utf-8"))
    file = (EXAMPLE / "statemachine.yaml").relative_to(ROOT)
    command = ["stepwright", "run", str(file), "--watch", "--input", json.dumps(order["spec"]["input"])]
    print(f"{_DIM}$ {shlex.join(command)}{_END}", flush=True)
    done = subprocess.run([sys.executable, "-m", "stepwright.cli", *command[1:]], check=False, cwd=ROOT)
    print()
    note(
        "for boto3 and the aws CLI: stepwright dev (docs/dev.md); with a cluster: tests/testcluster/README.md"
    )
    return done.returncode


def clear_away(cluster: Cluster) -> None:
    """What a demo that was killed has left: no operator is there to let its state machines go."""
    left = cluster.kubectl("get", "statemachines", "-n", NAMESPACE, "-o", "name").split()
    for name in left:
        cluster.kubectl(
            "patch", name, "-n", NAMESPACE, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
        )
    cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=60s")


def process_order(cluster: Cluster, operator: OperatorProcess) -> int:
    step(3, "A workflow in Amazon States Language, and an order for it")
    print(_PICTURE, flush=True)
    for file in ("statemachine.yaml", "execution.yaml"):
        run(cluster, "apply", "-n", NAMESPACE, "-f", str((EXAMPLE / file).relative_to(ROOT)))
    step(4, "Its transitions as they happen: status.transitions of the execution")
    try:
        status, failed_jobs = follow(cluster)
    except OperatorFailed:
        print(operator.log_tail(), file=sys.stderr)
        raise
    step(5, "What is left to read")
    run(cluster, "get", "executions,jobs", "-n", NAMESPACE)
    note("a Job's own status follows its pod's by some seconds; Stepwright need not wait for it")
    for job in failed_jobs:
        run(cluster, "logs", f"job/{job}", "-n", NAMESPACE)
    print()
    if status["phase"] != "Succeeded":
        print(f"{_RED}{status['phase']}{_END}: {status.get('error')}: {status.get('cause')}")
        return 1
    print(f"{_GREEN}{status['phase']}{_END} after {status['duration']}: {_BOLD}{status['output']}{_END}")
    return 0


def follow(cluster: Cluster) -> tuple[dict[str, Any], list[str]]:
    """Print a line for each thing that happens until the execution has ended: its status, and the Jobs that failed."""
    known: dict[int, dict[str, Any]] = {}
    failed_jobs: list[str] = []
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        text = cluster.kubectl("get", "execution", EXECUTION, "-n", NAMESPACE, "-o", "json")
        status: dict[str, Any] = json.loads(text).get("status") or {}
        seconds = time.monotonic() - began
        transitions = status.get("transitions") or []
        for entry in sorted(transitions, key=in_order):
            before = known.get(entry["id"], {})
            if entry != before:
                known[entry["id"]] = entry
                failed = entry["attempts"] > before.get("attempts", 1)
                if failed and "job" in entry:
                    failed_jobs.append(before.get("job", entry["job"]))
                show_transition(entry, seconds, failed=failed)
        if status.get("phase") not in ("Pending", "Running"):
            return status, failed_jobs
        time.sleep(0.1)
    raise OperatorFailed(f"the execution has not ended after {SECONDS} s")


def in_order(entry: dict[str, Any]) -> tuple[bool, float, float, int, int]:
    """What ended stands above what then began, a branch above the state that it is part of."""
    if entry.get("outcome") is None:
        return True, 0, 0, 0, entry["id"]
    begun = datetime.fromisoformat(entry["startTime"]).timestamp()
    ended = begun + float(entry["durationSeconds"])
    return False, ended, begun, -entry["path"].count("/"), entry["id"]


def show_transition(entry: dict[str, Any], seconds: float, *, failed: bool) -> None:
    """``failed``: an attempt has failed, and another one follows."""
    outcome = entry.get("outcome")
    attempts = entry["attempts"]
    if outcome is not None:
        mark, words = _MARKS[outcome], f"{outcome:<10}{entry['durationSeconds']:6.2f} s"
    elif failed:
        mark, words = _AGAIN, f"attempt {attempts - 1} failed: {entry['error']}"
    else:
        mark, words = _BEGUN, "" if attempts == 1 else f"attempt {attempts}"
    job = f"{_DIM}job/{entry['job']}{_END}" if "job" in entry and outcome is None and not failed else ""
    line = f"{_DIM}{seconds:5.1f} s{_END}  {mark} {entry['path']:<34} {entry['type']:<9}{words:<20} {job}"
    print(line.rstrip(), flush=True)


def run(cluster: Cluster, *arguments: str) -> None:
    """kubectl, shown with what it prints."""
    print(f"{_DIM}$ kubectl {' '.join(arguments)}{_END}", flush=True)
    subprocess.run(
        [str(cluster.kubectl_path), f"--kubeconfig={cluster.kubeconfig}", *arguments], check=True, cwd=ROOT
    )


def step(number: int, text: str) -> None:
    print(f"\n{_BOLD}{number}  {text}{_END}", flush=True)


def note(text: str) -> None:
    print(f"{_DIM}   {text}{_END}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
