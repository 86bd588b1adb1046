"""kopf, in a thread and an event loop of its own.

kopf watches StateMachines and Executions and hands each event to the engine's loop, no more: no annotations, no
finalizers, no writes of its own. It has its own loop because it cancels whatever was started in its loop after it
when it ends. Any end of kopf ends the process: an operator that no longer hears of new executions must not look alive.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import kopf
import structlog

from stepwright.cluster.resources import GROUP, VERSION

log = structlog.get_logger(__name__)

Observe = Callable[[str | None, Mapping[str, Any]], None]


class KopfThread:
    """``observers`` maps the plural of a kind to what takes its events, called in ``loop``."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        observers: Mapping[str, Observe],
        *,
        namespaces: Sequence[str] = (),
    ) -> None:
        self._loop = loop
        self._observers = observers
        self._namespaces = tuple(namespaces)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self.ended = asyncio.Event()

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, 10)

    def _run(self) -> None:
        try:
            asyncio.run(
                kopf.operator(
                    registry=self._registry(),
                    settings=_settings(),
                    standalone=True,
                    clusterwide=not self._namespaces,
                    namespaces=self._namespaces,
                    stop_flag=self._stop,
                )
            )
            if not self._stop.is_set():
                log.error("kopf ended")
        except Exception:
            log.exception("kopf failed")
        finally:
            self._loop.call_soon_threadsafe(self.ended.set)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        for plural, observe in self._observers.items():
            kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"observe-{plural}")(
                self._handler(observe)
            )
        kopf.on.login(registry=registry, id="kubernetes-client")(_login)
        return registry

    def _handler(self, observe: Observe) -> Callable[..., Any]:
        async def hand_over(event: Mapping[str, Any], **_: Any) -> None:
            self._loop.call_soon_threadsafe(observe, event["type"], event["object"])

        return hand_over


async def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """As the Kubernetes client reads KUBECONFIG or the pod's service account: the same as the rest of the operator."""
    return await asyncio.to_thread(kopf.login_via_client, **kwargs)


def _settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.queueing.idle_timeout = 0.5
    return settings
