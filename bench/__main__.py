"""``make bench``: the figures of docs/performance.md, from one run on the test cluster."""

from __future__ import annotations

import asyncio
import platform
import sys
import tempfile
import uuid
from pathlib import Path

from bench import one_task
from stepwright import __version__
from tests.cluster import ClusterUnavailable, ladder
from tests.operator_process import ROOT, OperatorFailed, OperatorProcess


def main() -> int:
    try:
        cluster = ladder.join()
    except ClusterUnavailable as error:
        print(f"no cluster: {error}", file=sys.stderr)
        return 1
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    try:
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
        version = cluster.kubectl("version", "-o", "json").split('"gitVersion": "')[-1].split('"')[0]
        cluster.kubectl("create", "namespace", namespace)
        print(
            f"Stepwright {__version__}, Kubernetes {version} ({cluster.kind}), Python {platform.python_version()}, "
            f"{platform.machine()}"
        )
        with tempfile.TemporaryDirectory(prefix="stepwright-bench-") as folder:
            log = Path(folder) / "operator.log"
            with OperatorProcess(cluster, log, f"--namespace={namespace}", lease_namespace=namespace):
                try:
                    asyncio.run(one_task.run(cluster, namespace))
                finally:
                    cluster.kubectl(
                        "delete", "statemachines", "--all", "-n", namespace, "--timeout=30s", check=False
                    )
    except OperatorFailed as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false", check=False)
        ladder.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
