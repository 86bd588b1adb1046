"""A task asks the Kubernetes API as the account that its state machine names."""

from __future__ import annotations

from typing import Any

from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.accounts import Accounts


class Connection:
    """Of Stepwright's own account, or of ``who``."""

    def __init__(self, who: str | None = None) -> None:
        self.who = who

    def as_service_account(self, namespace: str, name: str) -> Connection:
        return Connection(f"{namespace}/{name}")


def execution(namespace: str, **settings: Any) -> ExecutionRef:
    return ExecutionRef(Uid("1"), namespace, "order-7", "order", settings)


def test_what_an_account_may_do_counts_where_one_is_named() -> None:
    own: Any = Connection()
    accounts = Accounts(own)

    assert accounts.of(execution("shop")) == (own, None)
    assert accounts.of(execution("shop", serviceAccountName="")) == (own, None)
    api, account = accounts.of(execution("shop", serviceAccountName="clerk"))
    assert (vars(api)["who"], account) == ("shop/clerk", "clerk")


def test_accounts_of_one_name_in_two_namespaces_are_two() -> None:
    own: Any = Connection()
    accounts = Accounts(own)

    found = [accounts.of(execution(place, serviceAccountName="clerk"))[0] for place in ("a", "b", "a")]

    assert [vars(api)["who"] for api in found] == ["a/clerk", "b/clerk", "a/clerk"]
    assert found[0] is found[2]
