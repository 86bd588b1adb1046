"""Who may read the metrics: whoever the API server recognises by the token and allows to get the non-resource
URL ``/metrics``.

As controller-runtime and the Kubernetes components do it:
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from hashlib import blake2b
from typing import Final

import structlog

from stepwright.kube import reviews
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS: Final = 10.0
MOST_REMEMBERED: Final = 100


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
            log.warning("it cannot be found out now who may read the metrics", reason=str(error))
            return 503
        self._known[key] = now + REMEMBERED_SECONDS, answer
        self._known.move_to_end(key)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return answer

    async def _ask(self, token: str) -> int:
        user = await reviews.holder(self._api, token)
        if user is None:
            return 401
        metrics = {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}
        return 200 if (await reviews.decision(self._api, user, metrics)).allowed else 403
