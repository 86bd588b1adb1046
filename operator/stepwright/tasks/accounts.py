"""A task's requests to the Kubernetes API are made as the ServiceAccount that its state machine names."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stepwright.engine.ports import ExecutionRef

if TYPE_CHECKING:  # checking definitions should not wait for an HTTP client
    from stepwright.kube.api import Api


def service_account(settings: Mapping[str, Any]) -> str | None:
    """From ``ExecutionRef.settings``, whose keys are those of StateMachine.spec."""
    return settings.get("serviceAccountName") or None


class Accounts:
    """One connection, shared by all its users."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._as_account = functools.lru_cache(maxsize=1024)(api.as_service_account)

    def of(self, ref: ExecutionRef) -> tuple[Api, str | None]:
        """The API as this execution may use it, and the account; without one it is Stepwright's own, which
        may have more rights than the author of the state machine."""
        account = service_account(ref.settings)
        return (self._api, None) if account is None else (self._as_account(ref.namespace, account), account)
