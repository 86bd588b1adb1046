"""Task tokens that nobody can guess: the name of a task, which is no secret, and a seal that only this store can make.

A seal is made with a key of the execution, which is made with the store's, so that the language needs neither store nor
chance for a token: the same step gives the same. Executions that an earlier version began have tokens without a seal.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final, NamedTuple

from stepwright.asl.interpreter import context
from stepwright.asl.signals import TaskId
from stepwright.catalog.ports import NoSuchTask
from stepwright.engine.ports import Uid

_DIGITS: Final = 18
"""Of the largest number that the database takes."""


class Named(NamedTuple):
    """The task that a token names; ``sealed``: whether that could not be guessed."""

    uid: Uid
    task: TaskId
    sealed: bool


@dataclass(frozen=True, slots=True)
class Tokens:
    key: str

    def of_execution(self, uid: Uid) -> str:
        """``Identity.token_key``."""
        return hmac.digest(self.key.encode(), uid.encode(), "sha256").hex()

    def of_task(self, uid: Uid, task: TaskId) -> str:
        return context.task_token(uid, task, self.of_execution(uid))

    def read(self, token: str) -> Named:
        """Raises NoSuchTask."""
        name, dot, _ = token.partition(".")
        uid, _, number = name.rpartition("-")
        if not uid or not number.isascii() or not number.isdigit() or len(number) > _DIGITS:
            raise NoSuchTask
        named = Named(Uid(uid), TaskId(int(number)), sealed=bool(dot))
        if named.sealed and not hmac.compare_digest(
            token.encode("utf-8", "surrogatepass"), self.of_task(named.uid, named.task).encode()
        ):
            raise NoSuchTask
        return named
