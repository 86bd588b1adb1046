"""``stepwright server`` as a process of this checkout, with the rights that the chart gives it, and AWS's own client for it."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Final

import boto3
import yaml
from botocore.config import Config

from tests.on_cluster.rights import CHECKOUT
from tests.processes.running import RunningProcess
from tests.testcluster import Cluster
from tests.testcluster.ports import free_port

RULES: Final = CHECKOUT / "charts" / "stepwright" / "files" / "server-rules.yaml"
AUDIENCE: Final = "stepwright"

_RBAC: Final = "rbac.authorization.k8s.io"


class ServerAccount:
    """A ServiceAccount in a namespace of its own, which may do what the chart lets the server do."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self.name = f"test-server-{uuid.uuid4().hex[:8]}"

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.name}:server"

    def kubeconfig(self) -> Path:
        """One that acts as this account, which is made."""
        given = yaml.safe_load(RULES.read_text())
        metadata = {"name": self.name}
        subject = {"kind": "ServiceAccount", "name": "server", "namespace": self.name}
        objects: list[dict[str, Any]] = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata},
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "server", "namespace": self.name},
            },
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "ClusterRole",
                "metadata": metadata,
                "rules": [rule for rules in given.values() for rule in rules],
            },
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": self.name},
                "subjects": [subject],
            },
        ]
        self._cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(objects))
        token = self._cluster.kubectl("-n", self.name, "create", "token", "server", "--duration=24h")
        config = yaml.safe_load(self._cluster.kubeconfig.read_text())
        config["users"] = [{"name": "server", "user": {"token": token.strip()}}]
        for context in config["contexts"]:
            context["context"]["user"] = "server"
        path = self._folder / "server.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def remove(self) -> None:
        kinds = "clusterrolebinding,clusterrole"
        self._cluster.kubectl("delete", kinds, self.name, "--ignore-not-found")
        self._cluster.kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found")


class ServerProcess(RunningProcess):
    """Ready when ``start`` returns. Its log goes to a file."""

    def __init__(self, kubeconfig: Path, folder: Path, *arguments: str) -> None:
        super().__init__(folder / "server.log", end_seconds=60)
        self._kubeconfig = kubeconfig
        self._arguments = arguments
        self.certificate = folder / "server.crt"
        self.key = folder / "server.key"
        self.port = free_port()
        self._health_port = free_port()
        issue(self.certificate, self.key)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self, *, ready_seconds: float = 120) -> None:
        process = self._run(
            *("server", f"--kubeconfig={self._kubeconfig}"),
            *(f"--tls-cert={self.certificate}", f"--tls-key={self.key}", "--host=127.0.0.1"),
            *(f"--port={self.port}", f"--health-port={self._health_port}", "--log-format=json"),
            *self._arguments,
        )
        deadline = time.monotonic() + ready_seconds
        while not self._is_ready():
            assert process.poll() is None, self.log_tail()
            assert time.monotonic() < deadline, self.log_tail()
            time.sleep(0.05)

    def health(self, path: str) -> str:
        """The URL of a probe."""
        return f"http://127.0.0.1:{self._health_port}{path}"

    def audited(self) -> list[dict[str, Any]]:
        """The lines about requests."""
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("logger") == "stepwright.audit"]

    def client(self, token: str, **config: Any) -> Any:
        """AWS's, which sends the token with each request, and repeats none. Without a token it signs them."""
        settings = {
            "parameter_validation": False,
            "inject_host_prefix": False,
            "retries": {"total_max_attempts": 1},
            "connect_timeout": 30,
        }
        client = boto3.client(
            "stepfunctions",
            endpoint_url=config.pop("url", self.url),
            region_name="us-east-1",
            aws_access_key_id="unused",
            aws_secret_access_key="unused",
            verify=str(self.certificate),
            config=Config(**{**settings, **config}),
        )
        if token:
            client.meta.events.register("before-send.sfn.*", _with(token))
        return client

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.health("/readyz"), timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def issue(certificate: Path, key: Path) -> None:
    """A certificate for this machine, which vouches for itself."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", str(key))
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    given = ("-x509", "-days", "30", "-subj", "/CN=localhost", "-addext", names, "-out", str(certificate))
    subprocess.run(["openssl", "req", *curve, *given], check=True, capture_output=True)


def _with(token: str) -> Any:
    def add(request: Any, **_: Any) -> None:
        request.headers["Authorization"] = f"Bearer {token}"

    return add
