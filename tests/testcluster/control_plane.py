"""Command lines of etcd, the API server, the controller manager and the scheduler, and when each is ready."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.testcluster.interface import ClusterUnavailable
from tests.testcluster.processes import Process, tail

START_SECONDS = 240
"""How long a server may take until it is ready: a few seconds, and more than a minute where the machine does much besides."""

#: Seconds until a node that fell silent is NotReady. Kubernetes' 40-50 s would make fault tests slow.
NODE_GRACE_SECONDS = 16
NODE_LEASE_SECONDS = 20

#: Who wrote what: enough to count the API writes of an execution, by user and user agent. What service accounts read,
#: too, the cluster's own aside: enough to compare an operator's rights with what it uses.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "verbs": ["create", "update", "patch", "delete", "deletecollection"]},
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
        {"level": "None"},
    ],
}


def etcd(binary: Path, folder: Path, client_port: int, peer_port: int, durable: bool) -> list[str]:
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(binary),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--log-level=warn",
        *([] if durable else ["--unsafe-no-fsync"]),
    ]


def apiserver(
    binary: Path, folder: Path, etcd_port: int, address: str, port: int, services: str
) -> list[str]:
    pki = folder / "pki"
    policy = pki / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY))
    return [
        str(binary),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--bind-address={address}",
        f"--advertise-address={address}",
        f"--secure-port={port}",
        f"--cert-dir={pki}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--token-auth-file={pki / 'tokens.csv'}",
        f"--kubelet-client-certificate={pki / 'kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={services}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={folder / 'audit.log'}",
        # Written before the request is answered, so a test reads it at once. Never rotated, so offsets stay true.
        "--audit-log-mode=blocking-strict",
        "--audit-log-maxsize=1000000",
        # A test run makes more calls at once than a person does.
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=1000",
    ]


def controller_manager(binary: Path, folder: Path) -> list[str]:
    pki = folder / "pki"
    return [
        str(binary),
        *_controller_options(pki / "controller-manager.kubeconfig"),
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--service-account-private-key-file={pki / 'service-accounts.key'}",
        "--use-service-account-credentials",
        f"--node-monitor-grace-period={NODE_GRACE_SECONDS}s",
        "--node-monitor-period=2s",
    ]


def scheduler(binary: Path, folder: Path) -> list[str]:
    return [str(binary), *_controller_options(folder / "pki" / "scheduler.kubeconfig")]


def _controller_options(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--secure-port=0",
        "--leader-elect=false",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
    ]


def await_true(
    what: str, ready: Callable[[], bool], needs: list[Process], timeout_seconds: float = START_SECONDS
) -> None:
    """Poll until ready; a server that ends meanwhile ends the wait, with the last of its log."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        for process in needs:
            if not process.alive:
                raise ClusterUnavailable(f"{process.name} ended; its log says: {tail(process.log)}")
        if time.monotonic() > deadline:
            logs = "".join(f"\n{process.name}: {tail(process.log)}" for process in needs)
            raise ClusterUnavailable(f"{what} was not ready within {timeout_seconds:.0f} s{logs}")
        time.sleep(0.05)


def answers(url: str, authority: Path | None = None) -> bool:
    """True where the URL answers 200: /readyz and /health are open to everybody."""
    context = ssl.create_default_context(cafile=str(authority)) if authority else None
    # Without a proxy, whatever the environment says: these are addresses of this machine.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
