"""kopf, in a thread and an event loop of its own.

kopf watches StateMachines (``execution_watch`` Executions) and only passes each event to the engine's loop:
no annotations, no finalizers, no writes of its own. It has its own loop because when it ends it cancels
whatever was started in its loop after it. Any end of kopf ends the process: an operator that no longer hears
of new state machines must not look alive.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import kopf
import structlog
from kubernetes import client, config

from stepwright.cluster.resources import GROUP, VERSION
from stepwright.controllers import kopf_depth

log = structlog.get_logger(__name__)

Observe = Callable[[str | None, Mapping[str, Any]], None]

FIRST_DELAYS_SECONDS: Final = (1, 1, 2, 3, 5, 8, 13)
LAST_DELAY_SECONDS: Final = 20
OBJECTS_AT_ONCE: Final = 8


class KopfThread:
    """``observers`` maps the plural of a kind to what takes its events, called in ``loop``."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        observers: Mapping[str, Observe],
        *,
        namespaces: Sequence[str] = (),
        kubeconfig: Path | None = None,
    ) -> None:
        self._loop = loop
        self._observers = observers
        self._namespaces = tuple(namespaces)
        self._kubeconfig = kubeconfig
        self._kopf_loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self.ended = asyncio.Event()

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        self._stopped = True
        if self._kopf_loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # its loop is closed: it has ended already
                self._kopf_loop.call_soon_threadsafe(self._stop.set)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, 10)

    def _run(self) -> None:
        try:
            asyncio.run(self._operate())
            if not self._stopped:
                log.error("kopf ended")
        except Exception:
            log.exception("kopf failed")
        finally:
            self._loop.call_soon_threadsafe(self.ended.set)

    async def _operate(self) -> None:
        # A flag of kopf's own loop. With one of ``threading``, kopf waits in a thread that nothing can
        # interrupt, so a failed kopf would never end, and nobody would notice that it is deaf.
        self._kopf_loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._stopped:
            return
        await kopf.operator(
            registry=self._registry(),
            settings=_settings(),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._stop,
        )

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        for plural, observe in self._observers.items():
            kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"observe-{plural}")(
                self._handler(observe)
            )
        kopf.on.login(registry=registry, id="connection")(self._login)
        return registry

    async def _login(self, **_: Any) -> kopf.AiohttpSession:
        known = await asyncio.to_thread(_connection, self._kubeconfig)
        # As kopf would make it, except for the class of its answers.
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=await asyncio.to_thread(known.as_ssl_context)),
            headers=known.as_http_headers(),
            response_class=kopf_depth.Response,
        )
        return kopf.AiohttpSession(server=known.server, aiohttp_session=session)

    def _handler(self, observe: Observe) -> Callable[..., Any]:
        async def hand_over(event: Mapping[str, Any], **_: Any) -> None:
            self._loop.call_soon_threadsafe(observe, event["type"], event["object"])

        return hand_over


def _connection(kubeconfig: Path | None) -> kopf.ConnectionInfo:
    """What kopf is to connect with: the file given, else the pod's service account, else the usual kubeconfig.

    kopf's own login asks the Kubernetes client for the same, but that reads KUBECONFIG when it is imported, which is
    before the command line is known.
    """
    configuration = client.Configuration()
    if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(client_configuration=configuration)
    else:
        config.load_kube_config(
            config_file=None if kubeconfig is None else str(kubeconfig), client_configuration=configuration
        )
    # The key's name differs between the client's versions.
    keys = map(configuration.get_api_key_with_prefix, ("BearerToken", "authorization"))
    header = next(filter(None, keys), "")
    scheme, _, token = header.rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        username=configuration.username or None,
        password=configuration.password or None,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )


class _NothingStored(kopf.DiffBaseStorage):
    """kopf compares each object with its last state, even for handlers that never ask. Nothing here asks, and
    without these copies kopf takes half the time for an event."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: Any) -> None:
        pass


class _Delays:
    """Seconds between attempts, without end. After kopf's own delays one namespace that is forbidden, because it was
    deleted with the rights in it, would end kopf for all."""

    def __iter__(self) -> Iterator[float]:
        yield from FIRST_DELAYS_SECONDS
        yield from itertools.repeat(LAST_DELAY_SECONDS)


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.networking.error_backoffs = _Delays()
    settings.persistence.diffbase_storage = _NothingStored()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.queueing.idle_timeout = 0.5
    # A page is read whole before it is reduced, and each of its objects may have a megabyte and a half.
    settings.watching.chunk_size = OBJECTS_AT_ONCE
    return settings
