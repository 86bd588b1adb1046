"""ServiceAccounts, each asked as itself: the role that it has at AWS, and tokens that prove who it is.

The operator has no right of its own to read accounts or to make tokens: it impersonates the account, whose rights count.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

import msgspec

from stepwright.catalog.ports import NoObject
from stepwright.engine.ports import Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Forbidden, NotFound, TooManyRequests, Unreachable
from stepwright.kube.paths import path_of

ROLE: Final = "eks.amazonaws.com/role-arn"
"""The annotation. Source: https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html"""

_SECONDS: Final = 600
"""The shortest life that a token may have."""


class _Metadata(msgspec.Struct):
    annotations: Mapping[str, str] | None = None


class _Account(msgspec.Struct):
    metadata: _Metadata


class _TokenStatus(msgspec.Struct):
    token: str


class _Token(msgspec.Struct):
    status: _TokenStatus


class ServiceAccounts:
    def __init__(self, api: Api) -> None:
        self.as_account = functools.lru_cache(maxsize=1024)(api.as_service_account)

    async def role(self, namespace: str, account: str) -> str | None:
        """The ARN of the role that it is annotated with, read anew. Raises NoObject, Unavailable."""
        path = path_of("v1", "serviceaccounts", namespace, account)
        try:
            found: _Account = await self.as_account(namespace, account).get(path, into=_Account)
        except ApiError as error:
            raise refused(f"The ServiceAccount {account} cannot be read as itself", error) from error
        return (found.metadata.annotations or {}).get(ROLE)

    async def token(self, namespace: str, account: str, audience: str) -> str:
        """Raises NoObject, Unavailable."""
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [audience], "expirationSeconds": _SECONDS},
        }
        path = path_of("v1", "serviceaccounts", namespace, account, "token")
        try:
            made: _Token = await self.as_account(namespace, account).create(path, asked, into=_Token)
        except ApiError as error:
            raise refused(f"No token of {account} can be requested as itself", error) from error
        return made.status.token


def refused(what: str, error: ApiError) -> Exception:
    if isinstance(error, Unreachable | TooManyRequests):
        return Unavailable(f"{what}: {error}")
    if isinstance(error, NotFound):
        return NoObject("InvalidConnectionState", f"{what}: it does not exist.")
    if isinstance(error, Forbidden):
        return NoObject("InvalidConnectionState", f"{what}: {error.message}.")
    return NoObject("InvalidConnectionState", f"{what}: {error.reason or error.status}.")
