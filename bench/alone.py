"""An operator on a control plane that nothing else uses: what is measured is the cost of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes.operators import ROOT, OperatorProcess
from tests.testcluster.alone import (
    QUOTA_BYTES,
    ControlPlane,
    control_plane_of_its_own,
    kubernetes_version,
)


@contextmanager
def operator_alone(
    folder: Path, *arguments: str, with_simulated_node: bool = False, quota_bytes: int = QUOTA_BYTES
) -> Iterator[tuple[ControlPlane, OperatorProcess]]:
    """An operator with these arguments, not started yet, which logs to ``folder``; in the end it is stopped, whatever has gone wrong.
    The others are those of ``control_plane_of_its_own``."""
    with control_plane_of_its_own(with_simulated_node=with_simulated_node, quota_bytes=quota_bytes) as plane:
        plane.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
        operator = OperatorProcess(plane, folder / "operator.log", "--log-level=warning", *arguments)
        print(f"\nKubernetes {kubernetes_version(plane)} ({plane.kind})", flush=True)
        try:
            yield plane, operator
        finally:
            operator.stop()
