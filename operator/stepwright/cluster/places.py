"""Whose is what: each namespace is an account, with twelve digits in ARNs, as AWS's tools expect them.

They are the annotation ``stepwright.dev/account-id`` of the Namespace, or else made of its name. If two have the same, it is the
older one's: who may annotate Namespaces decides. In requests the namespace's name may stand in the account's place, as it does
in the context object of executions, with ``kubernetes`` for the region.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from stepwright.catalog import arns
from stepwright.catalog.arns import Place
from stepwright.cluster.arns import REGION as REGION_OF_NAMES
from stepwright.kube.api import Api
from stepwright.kube.informer import Informer

ACCOUNT: Final = "stepwright.dev/account-id"
"""Annotation of a Namespace."""

REGION: Final = "us-east-1"

_DIGITS: Final = re.compile(r"[0-9]{12}")


class Spot(NamedTuple):
    """What an ARN names, by the names in it."""

    namespace: str
    kind: str
    names: tuple[str, ...]


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    uid: str
    namespace: str = ""
    resourceVersion: str = ""  # noqa: N815 - the fields' names on the wire
    creationTimestamp: str = ""  # noqa: N815
    annotations: Mapping[str, str] = {}


class SeenNamespace(msgspec.Struct, frozen=True):
    metadata: _Metadata

    @property
    def account(self) -> str:
        given = self.metadata.annotations.get(ACCOUNT, "")
        return given if _DIGITS.fullmatch(given) else account_of(self.metadata.name)


def account_of(namespace: str) -> str:
    """The account of one that has no annotation."""
    return str(int.from_bytes(hashlib.sha256(namespace.encode()).digest()))[:12]


class Places:
    """``namespaces``: those that are served, whose annotations count for nothing, as only a right on all would show them; none:
    all are served."""

    def __init__(self, api: Api, region: str = REGION, namespaces: Sequence[str] = ()) -> None:
        self.region: Final = region
        self._fixed: Final = {account_of(name): name for name in reversed(namespaces)}
        self._names: Final = frozenset(namespaces)
        self._seen: Final = Informer(
            api, "v1", "namespaces", SeenNamespace, index=lambda seen: (seen.account,)
        )

    @property
    def synced(self) -> bool:
        return bool(self._names) or self._seen.synced.is_set()

    async def listed(self) -> None:
        """Return once all are known that there are."""
        if not self._names:
            await self._seen.synced.wait()

    async def run(self) -> None:
        """Until cancelled."""
        if self._names:
            await asyncio.Event().wait()
        await self._seen.run()

    def all(self) -> list[str]:
        """All namespaces that are served, by name."""
        return sorted(self._names or (each.metadata.name for each in self._seen.all()))

    def of(self, namespace: str) -> Place | None:
        """None if it is not served, or another one has its account."""
        account = self._account(namespace)
        if account is None or self._owner(account) != namespace:
            return None
        return Place(account, self.region)

    def find(self, arn: str) -> Spot | None:
        """None if it names nothing that could be here."""
        parsed = arns.parse(arn)
        if parsed is None or parsed.service != "states":
            return None
        if _DIGITS.fullmatch(parsed.account):
            owner = self._owner(parsed.account) if parsed.region == self.region else None
            return None if owner is None else Spot(owner, parsed.kind, parsed.names)
        here = parsed.region in (self.region, REGION_OF_NAMES) and self.of(parsed.account) is not None
        return Spot(parsed.account, parsed.kind, parsed.names) if here else None

    def _account(self, namespace: str) -> str | None:
        if self._names:
            return account_of(namespace) if namespace in self._names else None
        seen = self._seen.get("", namespace)
        return None if seen is None else seen.account

    def _owner(self, account: str) -> str | None:
        if self._names:
            return self._fixed.get(account)
        found = [each.metadata for each in self._seen.by_index(account)]
        return min(found, key=lambda each: (each.creationTimestamp, each.uid)).name if found else None
