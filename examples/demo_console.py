"""``make demo OPEN=1``: the demo's cluster stays up, and its executions are there in a browser until Ctrl+C."""

from __future__ import annotations

import signal
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

from stepwright.console.assets import DIST
from tests.processes.server import AUDIENCE, ServerAccount, ServerProcess
from tests.testcluster import Cluster

ACCOUNT = "you"
TOKEN_HOURS = 8


def keep_open(cluster: Cluster, namespace: str, page: str) -> None:
    """Until Ctrl+C. ``page``: below the console's address."""
    if not DIST.is_dir():
        print("The console's pages are not built: `make console` does it.")
        return
    with _served(cluster) as server:
        address = f"{server.url}/console/{page}"
        print(f"\nThe console is at {address}")
        print("Its certificate vouches for itself, so your browser asks you. Log in with this token:\n")
        print(_token_of_somebody(cluster, namespace))
        print("\nCtrl+C ends all of it.", flush=True)
        webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            signal.pause()


@contextmanager
def _served(cluster: Cluster) -> Iterator[ServerProcess]:
    """``stepwright server``, with the rights that the chart gives it."""
    with tempfile.TemporaryDirectory(prefix="stepwright-demo-") as folder:
        account = ServerAccount(cluster, Path(folder))
        server = ServerProcess(account.kubeconfig(), Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()
            account.remove()


def _token_of_somebody(cluster: Cluster, namespace: str) -> str:
    """Who may do everything with state machines and executions of the namespace, and read what its pods write."""
    rules = [
        {"apiGroups": ["stepwright.dev"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
    ]
    rbac = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": ACCOUNT}, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": ACCOUNT},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": ACCOUNT},
            "subjects": [subject],
        },
    ]
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=yaml.safe_dump_all(objects))
    hours = f"--duration={TOKEN_HOURS}h"
    return cluster.kubectl(
        "create", "token", ACCOUNT, "-n", namespace, f"--audience={AUDIENCE}", hours
    ).strip()
