"""Callers of the API."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from stepwright.catalog import arns
from stepwright.engine.ports import ExecutionRef


class User(Struct, frozen=True):
    """Somebody as whoever has vouched for them knows them: a cluster's API server."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Caller(Struct, frozen=True):
    """``access_key``: what the request was signed with, which was checked; None if any signature will do. ``role_arn``: the
    role that a task acts as, of the execution that is called ``session``; None if no task asks. ``user``: who it is, where
    people have names of their own."""

    account: str
    access_key: str | None = None
    role_arn: str | None = None
    session: str | None = None
    user: User | None = None

    @property
    def named(self) -> str:
        """As AWS calls it where something is refused."""
        if self.user is not None:
            return self.user.name
        if self.role_arn is not None:
            role = self.role_arn.rpartition("/")[2]
            return f"arn:aws:sts::{self.account}:assumed-role/{role}/{self.session}"
        return f"an access key of account {self.account}" if self.access_key is None else self.access_key


def of_task(ref: ExecutionRef, role_arn: str | None = None) -> Caller:
    """Whoever asks for a task of an execution: the role of its state machine, or the one that the task's state names
    (``Credentials``), which may be of another account."""
    own = arns.account_of(ref.arn)
    if role_arn is None:
        return Caller(own, role_arn=ref.role_arn, session=ref.name)
    return Caller(arns.account_of(role_arn) or own, role_arn=role_arn, session=ref.name)
