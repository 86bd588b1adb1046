"""A task asks the Kubernetes API as the account that its state machine names, and changes something only while its execution
is carried here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.kube.api import Api
from stepwright.kube.api_errors import Unreachable
from stepwright.tasks.accounts import Accounts


class Connection(Api):
    """Of Stepwright's own account, or of ``who``; all note in one list who has asked for what."""

    def __init__(self, who: str = "stepwright", asked: list[tuple[str, str]] | None = None) -> None:
        self.who = who
        self.asked: list[tuple[str, str]] = [] if asked is None else asked
        self.made = 0

    async def request(self, method: str, *_: Any, **__: Any) -> bytes:
        self.asked.append((self.who, method))
        return b"{}"

    def stream(self, *_: Any, **__: Any) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        raise NotImplementedError

    def as_service_account(self, namespace: str, name: str) -> Connection:
        self.made += 1
        return Connection(f"{namespace}/{name}", self.asked)


def execution(namespace: str, **settings: Any) -> ExecutionRef:
    return ExecutionRef(Uid("1"), namespace, "order-7", "order", settings)


async def test_what_an_account_may_do_counts_where_one_is_named() -> None:
    own = Connection()
    accounts = Accounts(own)

    for settings in ({}, {"serviceAccountName": ""}, {"serviceAccountName": "clerk"}):
        api, account = accounts.of(execution("shop", **settings))
        await api.get("/api")
        assert account == (settings.get("serviceAccountName") or None)

    assert own.asked == [("stepwright", "GET"), ("stepwright", "GET"), ("shop/clerk", "GET")]


async def test_accounts_of_one_name_in_two_namespaces_are_two() -> None:
    own = Connection()
    accounts = Accounts(own)

    for namespace in ("a", "b", "a"):
        await accounts.of(execution(namespace, serviceAccountName="clerk"))[0].get("/api")

    assert own.asked == [("a/clerk", "GET"), ("b/clerk", "GET"), ("a/clerk", "GET")]
    assert own.made == 2


async def test_nothing_is_changed_for_an_execution_that_another_process_may_carry_by_now() -> None:
    own, held = Connection(), [True]
    api, _ = Accounts(own, lambda _: held[0]).of(execution("shop", serviceAccountName="clerk"))
    await api.get("/api")

    held[0] = False  # the machine was paused while it was read

    await api.get("/api")
    for change in (api.create, api.replace, api.patch):
        with pytest.raises(Unreachable) as refused:
            await change("/api", {})
        assert not refused.value.outcome_unknown
    with pytest.raises(Unreachable):
        await api.delete("/api")
    with pytest.raises(Unreachable):
        await api.answer("POST", "/api")
    assert own.asked == [("shop/clerk", "GET")] * 2
