"""The right to advance executions: one operator holds a Lease, others stand by warm.

The election is the Kubernetes client's. What counts for a dispatch is not that the election once succeeded but that
the last renewal is younger than the lease: a process that was stopped and wakes up later must find out by itself.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

from stepwright.engine.ports import Uid

log = structlog.get_logger(__name__)

NAME = "stepwright-operator"


class ClusterLease:
    """Implements ``engine.ports.Lease``. Times in seconds."""

    def __init__(
        self, namespace: str, *, duration: int = 15, renew_deadline: float = 10, retry: float = 2
    ) -> None:
        self._namespace = namespace
        self._duration = duration
        self._renew_deadline = renew_deadline
        self._retry = retry
        self.identity = f"{socket.gethostname()}_{os.getpid()}_{uuid.uuid4().hex[:8]}"
        self._valid_until = 0.0
        self._lost = False
        self.acquired = asyncio.Event()

    def held(self, uid: Uid) -> bool:  # noqa: ARG002 - one lease for all executions, until replicas share them
        return time.monotonic() < self._valid_until

    async def hold(self, kubeconfig: Path | None) -> None:
        """Wait for the lease (``acquired``), then renew it. Returns when that has failed for too long."""
        async with await _api_client(kubeconfig) as api_client:
            lock = _RenewingLock(self, NAME, self._namespace, self.identity, api_client)
            election = LeaderElection(
                Config(
                    lock,
                    lease_duration=self._duration,
                    renew_deadline=self._renew_deadline,
                    retry_period=self._retry,
                    onstarted_leading=self._begin,
                    onstopped_leading=None,
                )
            )
            try:
                await election.run()
            finally:
                await self._give_back(lock)

    async def _begin(self) -> None:
        self.acquired.set()

    def renewed(self, asked: float) -> None:
        """A renewal that was asked for at ``asked`` (monotonic) has been granted."""
        if not self._lost:
            self._valid_until = asked + self._duration

    def lost(self) -> None:
        """Another one has held it since, though it may be free again: what this process knows is of the past, so it
        never leads again, and ends."""
        self._lost = True
        self._valid_until = 0.0

    async def _give_back(self, lock: LeaseLock) -> None:
        """Let the next one begin at once instead of after the lease's time."""
        if not self.held(Uid("")):
            return
        self._valid_until = 0.0
        reference = lock.lease_reference
        if reference is None:
            return
        try:
            # A Lease without a holder is free at once.
            body = [
                {"op": "test", "path": "/spec/holderIdentity", "value": self.identity},
                {"op": "remove", "path": "/spec/holderIdentity"},
            ]
            await asyncio.shield(
                lock.api_instance.patch_namespaced_lease(
                    NAME, self._namespace, body, _content_type="application/json-patch+json"
                )
            )
        except Exception as error:  # noqa: BLE001 - the lease ends by itself all the same
            log.info("lease not given back", reason=str(error))


class _RenewingLock(LeaseLock):  # type: ignore[misc] # the client has no types
    """The client's lock; notes when the server last said yes, and takes a lost connection for a no (the client's own
    lets it end the election)."""

    def __init__(
        self, lease: ClusterLease, name: str, namespace: str, identity: str, api_client: Any
    ) -> None:
        super().__init__(name, namespace, identity, api_client)
        self._lease = lease

    async def get(self, name: str, namespace: str) -> Any:
        try:
            found, record = await super().get(name, namespace)
        except _LOST as error:
            return False, ApiException(status=0, reason=str(error))
        if found and self._lease.acquired.is_set():
            holder = None if record is None else record.holder_identity
            if holder != self._lease.identity:
                self._lease.lost()
                return False, ApiException(
                    status=0, reason=f"the lease was taken over by {holder or 'another'}"
                )
        return found, record

    async def create(self, name: str, namespace: str, election_record: Any) -> bool:
        # The client's own asks for pretty=True, which the client's own types refuse (kubernetes 37.0.2).
        body = client.V1Lease(
            metadata=client.V1ObjectMeta(name=name), spec=self.update_lease(election_record)
        )
        try:
            return await self._ask(self._create(namespace, body))
        except ApiException as error:
            log.warning("lease not created", reason=str(error.reason))
            return False

    async def _create(self, namespace: str, body: Any) -> bool:
        await self.api_instance.create_namespaced_lease(namespace, body)
        return True

    async def update(self, name: str, namespace: str, updated_record: Any) -> bool:
        return await self._ask(super().update(name, namespace, updated_record))

    async def _ask(self, call: Awaitable[bool]) -> bool:
        asked = time.monotonic()
        try:
            granted = await call
        except _LOST as error:
            log.warning("lease not renewed", reason=str(error))
            return False
        if granted:
            self._lease.renewed(asked)
        return granted


_LOST = (aiohttp.ClientError, OSError, TimeoutError)


async def _api_client(kubeconfig: Path | None) -> Any:
    configuration = client.Configuration()
    if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(configuration)
    else:
        await config.load_kube_config(
            config_file=None if kubeconfig is None else str(kubeconfig), client_configuration=configuration
        )
    return client.ApiClient(configuration)
