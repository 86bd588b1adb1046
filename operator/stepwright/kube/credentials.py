"""Where the API server is and how to identify oneself: kubeconfig or the pod's own service account.

``kubernetes.aio.config`` does the reading (certificates, token files, exec plugins, proxies); here it is
repeated each minute, because tokens in pods are replaced long before they expire and exec plugins hand out
short-lived ones. Client certificates are read once: a new one needs a restart.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

if TYPE_CHECKING:
    import ssl

_log = structlog.get_logger()

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_POD_TOKEN = _POD_NAMESPACE.with_name("token")

REREAD_SECONDS = 60
"""kubelets replace a projected token at 80 % of its life or after a day; client-go rereads each minute."""

READ_SECONDS: Final = 30.0
"""How long an exec plugin may take while requests wait for its credentials."""


class NoCluster(Exception):  # noqa: N818 - it names a condition
    """Neither a kubeconfig nor a pod's service account says where the API server is."""


@dataclass(slots=True)
class Credentials:
    """``host`` has no slash at its end. ``ssl`` None: plain HTTP."""

    host: str
    namespace: str
    ssl: ssl.SSLContext | None
    server_hostname: str | None
    proxy: str | None
    _configuration: Any
    _loader: Any = None  # None: in a pod; its configuration rereads the token itself
    _read: float = field(default_factory=time.monotonic)

    async def authorization(self, *, fresh: bool = False) -> str | None:
        """The value of the Authorization header; ``fresh`` reads the source again, whatever its age.

        If that fails the old value stays in use: the API server knows best whether it is still valid.
        """
        now = time.monotonic()
        try:
            if self._loader is not None and (fresh or now - self._read >= REREAD_SECONDS):
                self._read = now  # first, so that requests at the same time do not all read
                async with asyncio.timeout(READ_SECONDS):
                    await self._loader.load_and_set(self._configuration)
            value: str | None = await self._configuration.get_api_key_with_prefix("BearerToken")
        except (config.ConfigException, OSError) as error:
            _log.warning("credentials cannot be read again", error=str(error) or type(error).__name__)
            value = self._configuration.api_key.get("BearerToken")
        return value.strip() if value else None


async def load(kubeconfig: Path | None = None, context: str | None = None) -> Credentials:
    """From ``kubeconfig``, else the pod's service account, else ``$KUBECONFIG`` or ``~/.kube/config``.

    Raises NoCluster.
    """
    configuration = Configuration()
    loader = None
    namespace = ""
    try:
        if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ and _POD_TOKEN.exists():
            config.load_incluster_config(client_configuration=configuration)
            namespace = _POD_NAMESPACE.read_text().strip()  # noqa: ASYNC240 - once, from memory
        else:
            loader = await config.load_kube_config(
                config_file=str(kubeconfig) if kubeconfig else None,
                context=context,
                client_configuration=configuration,
                persist_config=False,
            )
            namespace = loader.current_context["context"].get("namespace") or ""
    except (config.ConfigException, OSError, TypeError) as error:
        # TypeError: what the loader raises for a file that does not exist or is empty
        source = kubeconfig or "this pod's service account, $KUBECONFIG or ~/.kube/config"
        raise NoCluster(f"no API server is named by {source}: {error}") from error
    host = configuration.host.rstrip("/")
    return Credentials(
        host=host,
        namespace=namespace or "default",
        ssl=RESTClientObject(configuration).ssl_context if host.startswith("https") else None,
        server_hostname=configuration.tls_server_name,
        proxy=configuration.proxy,
        _configuration=configuration,
        _loader=loader,
    )
