"""Asks the API server as the account of a task's state machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from stepwright.catalog.ports import CallingTask, NotAllowed
from stepwright.cluster.nested import refusals
from stepwright.cluster.nested.stored_child import StoredChild
from stepwright.cluster.reading import path_of_execution
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, NotFound

Accounts: TypeAlias = Callable[[ExecutionRef], tuple[Api, str | None]]
"""The API as an execution may use it, and as which ServiceAccount of its namespace; None: as Stepwright itself."""


class Asking:
    def __init__(self, accounts: Accounts) -> None:
        self._accounts: Final = accounts

    def account(self, by: CallingTask) -> tuple[Api, str]:
        """And the API as it may use that. Raises NotAllowed."""
        api, account = self._accounts(by.ref)
        if account is None:
            raise NotAllowed(
                f"The state machine {by.ref.state_machine!r} names no account: only with spec.serviceAccountName can its "
                "tasks start, read and stop executions"
            )
        return api, account

    def user(self, by: CallingTask) -> str:
        """The account, as the API server names it. Raises NotAllowed."""
        _, account = self.account(by)
        return f"system:serviceaccount:{by.ref.namespace}:{account}"

    async def child(self, by: CallingTask, namespace: str, name: str) -> StoredChild | None:
        """None if it is not there. Raises NotAllowed, Refused, Unavailable."""
        path, doing = path_of_execution(namespace, name), f"get executions in namespace {namespace}"
        found: StoredChild | None = await self.get(by, path, doing, StoredChild)
        return found

    async def get(self, by: CallingTask, path: str, doing: str, into: Any) -> Any:
        """None if it is not there. ``doing``: what the account may lack the right for. Raises NotAllowed, Refused,
        Unavailable."""
        api, _ = self.account(by)
        try:
            return await api.get(path, into=into)
        except NotFound:
            return None
        except ApiError as error:
            raise self.refusal(error, by, doing) from error

    def refusal(self, error: ApiError, by: CallingTask, doing: str) -> Exception:
        _, account = self.account(by)
        return refusals.of(error, by.ref, account, doing)


def for_now(error: NotAllowed, by: CallingTask) -> Exception:
    """What a task waits for runs, and could be read when it began: the right may come back."""
    return Unavailable(str(error)) if by.waits else error
