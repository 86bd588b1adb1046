"""The Connections of a cluster, kept up to date by a watch; their Secrets are read as the account that they name, when they are
used.

The operator itself may read no Secret: it asks as the Connection's ServiceAccount, whose rights count. What is not seen yet may
have been created a moment before the call: it is asked for once.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from stepwright.catalog.ports import ConnectionObject, NoObject
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.service_accounts import ServiceAccounts, refused
from stepwright.cluster.summarised import Metadata, Status
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound
from stepwright.kube.informer import Informer
from stepwright.kube.paths import path_of

PLURAL: Final = "connections"

_MOST_BYTES: Final = 2 * 2**20
"""Of a Secret, as JSON: it may have 1 MiB, in base64."""


class Connection(msgspec.Struct, frozen=True, omit_defaults=True):
    metadata: Metadata
    spec: Mapping[str, Any]
    status: Status = Status()


class _Secret(msgspec.Struct):
    data: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Used:
    """Implements ``catalog.ports.ConnectionObject``."""

    stored: Connection
    accounts: ServiceAccounts

    @property
    def identity(self) -> str:
        return f"{self.stored.metadata.uid}/{self.stored.metadata.generation}"

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.stored.spec

    async def secret(self, name: str, key: str) -> str:
        account, namespace = self._account()
        api = self.accounts.as_account(namespace, account)
        try:
            path = path_of("v1", "secrets", namespace, name)
            found = await api.get(path, into=_Secret, most_bytes=_MOST_BYTES)
        except ApiError as error:
            raise refused(f"The Secret {name} cannot be read as {account}", error) from error
        try:
            return base64.b64decode((found.data or {})[key], validate=True).decode()
        except KeyError as error:
            raise NoObject("InvalidConnectionState", f"The Secret {name} has no key {key}.") from error
        except (binascii.Error, UnicodeDecodeError) as error:
            cause = f"The key {key} of the Secret {name} holds no text."
            raise NoObject("InvalidConnectionState", cause) from error

    async def token(self, audience: str) -> str:
        account, namespace = self._account()
        return await self.accounts.token(namespace, account, audience)

    def _account(self) -> tuple[str, str]:
        namespace, account = self.stored.metadata.namespace, self.spec.get("serviceAccountName")
        if not account:
            cause = f"The Connection {self.stored.metadata.name} names no serviceAccountName as which its Secrets are read."
            raise NoObject("InvalidConnectionState", cause)
        return account, namespace


class ClusterConnections:
    """Implements ``catalog.ports.ConnectionObjects``. ``on_change`` is called with each that has changed, ``on_spec`` with the
    namespace in which one says something else than before, or is gone."""

    def __init__(
        self,
        api: Api,
        namespaces: Sequence[str] = (),
        on_change: Callable[[Connection], None] = lambda _: None,
        on_spec: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._api = api
        self._on_spec = on_spec
        self._accounts = ServiceAccounts(api)
        self._on_change = on_change
        self.objects = Informer(
            api, API_VERSION, PLURAL, Connection, namespaces=namespaces, on_change=self._changed
        )

    async def run(self) -> None:
        """Never returns."""
        await self.objects.run()

    def known(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """Its spec, where it has been seen."""
        found = self.objects.get(namespace, name)
        return None if found is None else found.spec

    async def find(self, ref: ExecutionRef, name: str) -> ConnectionObject:
        if name not in (ref.settings.get("connections") or ()):
            cause = (
                f"The state machine does not name the Connection {name} in spec.connections: whoever writes it must say "
                f"that it uses it, and may use it."
            )
            raise NoObject("AccessDenied", cause)
        known = self.objects.get(ref.namespace, name)
        return _Used(known or await self._asked(ref.namespace, name), self._accounts)

    async def _asked(self, namespace: str, name: str) -> Connection:
        try:
            found: Connection = await self._api.get(
                path_of(API_VERSION, PLURAL, namespace, name), into=Connection
            )
        except NotFound as error:
            cause = f"There is no Connection {name} in the namespace {namespace}."
            raise NoObject("ResourceNotFound", cause) from error
        except ApiError as error:
            raise Unavailable(f"Connections cannot be read: {error}") from error
        return found

    def _changed(self, old: Connection | None, new: Connection | None) -> None:
        if new is not None and (old is None or old != new):
            self._on_change(new)
        seen = new or old
        if seen is not None and (old is None or new is None or old.spec != new.spec):
            self._on_spec(seen.metadata.namespace)
