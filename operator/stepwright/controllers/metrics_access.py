"""Who may read the metrics: whoever the API server recognises by the token and allows to get the non-resource
URL ``/metrics``.

As controller-runtime and the Kubernetes components do it:
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from hashlib import blake2b
from typing import Any, Final

import msgspec
import structlog

from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS: Final = 10.0
MOST_REMEMBERED: Final = 100

_REVIEWS: Final = path_of("authentication.k8s.io/v1", "tokenreviews")
_ACCESS: Final = path_of("authorization.k8s.io/v1", "subjectaccessreviews")


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class _Reviewed(msgspec.Struct):
    authenticated: bool = False
    user: _User | None = None


class _Review(msgspec.Struct):
    status: _Reviewed


class _Allowed(msgspec.Struct):
    allowed: bool = False


class _Access(msgspec.Struct):
    status: _Allowed


class MetricsAccess:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._asking = asyncio.Lock()
        self._known: OrderedDict[bytes, tuple[float, int]] = OrderedDict()
        """Answers by a token's hash, each with its expiry time."""

    async def admit(self, token: str) -> int:
        """200; 401 if the token is unknown; 403 if its holder may not; 503 if that could not be
        determined."""
        if not token:
            return 401
        key = blake2b(token.encode(errors="surrogateescape"), digest_size=32).digest()
        async with self._asking:  # one at a time: Leases are renewed over the same connections
            return await self._answer(key, token)

    async def _answer(self, key: bytes, token: str) -> int:
        now = asyncio.get_running_loop().time()
        until, answer = self._known.get(key, (0.0, 0))
        if until > now:
            return answer
        try:
            answer = await self._ask(token)
        except ApiError as error:
            log.warning("nobody can be let read the metrics now", reason=str(error))
            return 503
        self._known[key] = now + REMEMBERED_SECONDS, answer
        self._known.move_to_end(key)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return answer

    async def _ask(self, token: str) -> int:
        review: _Review = await self._api.create(
            _REVIEWS,
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}},
            into=_Review,
        )
        user = review.status.user
        if not review.status.authenticated or user is None:
            return 401
        spec: dict[str, Any] = {
            "user": user.username,
            "uid": user.uid,
            "groups": user.groups or [],
            "extra": user.extra or {},
            "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
        }
        access: _Access = await self._api.create(
            _ACCESS,
            {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec},
            into=_Access,
        )
        return 200 if access.status.allowed else 403
