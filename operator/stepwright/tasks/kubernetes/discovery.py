"""Which kinds the API server has, and where: ``apps/v1``, ``Deployment`` is ``deployments``, in namespaces.

It is asked as the account whose task wants to know, and what it says is kept for all accounts for a while. A kind that is not
found is asked for anew, so that one which a task has just defined is there for the next.

https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
"""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from stepwright.engine.ports import Clock
from stepwright.kube.api import Api
from stepwright.kube.api_errors import NotFound
from stepwright.tasks.calls.integration import CallFailed

NO_SUCH_KIND: Final = "Kubernetes.NoSuchKind"

KEPT_MILLIS: Final = 600_000
ASKED_AGAIN_MILLIS: Final = 2_000
"""A kind that was not found is not asked for more often than this."""
MOST_VERSIONS: Final = 256


@dataclass(frozen=True, slots=True)
class Kind:
    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str | None = None, subresource: str | None = None) -> str:
        """``namespace`` counts for kinds that are in one."""
        parts = ["/apis" if "/" in self.api_version else "/api", self.api_version]
        if self.namespaced and namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        if subresource is not None:
            parts.append(quote(subresource, safe=""))
        return "/".join(parts)


class _Resource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = False


class _Resources(msgspec.Struct):
    resources: list[_Resource] = []


@dataclass(frozen=True, slots=True)
class _Known:
    asked: int
    kinds: Mapping[str, Kind]


class Discovery:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._versions: OrderedDict[str, _Known] = OrderedDict()

    async def kind(self, api: Api, api_version: str, kind: str) -> Kind:
        """Raises CallFailed if there is none, ApiError."""
        now = self._clock.now()
        known = self._versions.get(api_version)
        lasts = KEPT_MILLIS if known is not None and kind in known.kinds else ASKED_AGAIN_MILLIS
        if known is None or now - known.asked >= lasts:
            known = self._versions[api_version] = _Known(now, await self._ask(api, api_version))
            if len(self._versions) > MOST_VERSIONS:
                self._versions.popitem(last=False)
        found = known.kinds.get(kind)
        if found is None:
            raise CallFailed(NO_SUCH_KIND, _sentence(api_version, kind, known.kinds))
        return found

    async def _ask(self, api: Api, api_version: str) -> Mapping[str, Kind]:
        path = f"{'/apis' if '/' in api_version else '/api'}/{api_version}"
        try:
            answer: _Resources = await api.get(path, into=_Resources)
        except NotFound:
            return {}
        # Subresources have a kind of their own, which need not be that of the object.
        return {
            each.kind: Kind(api_version, each.kind, each.name, each.namespaced)
            for each in answer.resources
            if "/" not in each.name
        }


def _sentence(api_version: str, kind: str, kinds: Mapping[str, Kind]) -> str:
    if not kinds:
        return f"The API server has no API version {api_version!r}."
    near = difflib.get_close_matches(kind, kinds, n=1) or [
        known for known in kinds if known.lower() == kind.lower()
    ]
    hint = f"Is {near[0]} meant?" if near else "`kubectl api-resources` lists the kinds that there are."
    return f"The API server has no kind {kind!r} in {api_version}. {hint}"
