"""Task tokens as earlier versions made them, for tasks of executions begun by those. They are no longer made.

The earliest were just the task's name; later ones had a seal after it, made with a key of the execution,
which was derived from one in the database and kept in the checkpoint.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final, NamedTuple

import msgspec

from stepwright.asl.checkpoint.parts import START
from stepwright.asl.signals import TaskId
from stepwright.asl.task_token import task_name
from stepwright.catalog.ports import NoSuchTask
from stepwright.engine.ports import Uid

_NAME: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(0|[1-9][0-9]{0,17})")
_SEAL_DIGITS: Final = 32


class Former(NamedTuple):
    uid: Uid
    task: TaskId
    sealed: bool


@dataclass(frozen=True, slots=True)
class FormerTokens:
    """``key``: what seals were made with; None in a database that never made any."""

    key: str | None

    @classmethod
    def of_database(cls, connection: Connection) -> FormerTokens:
        row = connection.execute("SELECT value FROM secrets WHERE name = 'task-tokens'").fetchone()
        return cls(None if row is None else row["value"])

    def read(self, token: str) -> Former:
        """Raises NoSuchTask. ``is_taken_from`` says whether the execution has tokens of that form."""
        name, dot, seal = token.partition(".")
        found = _NAME.fullmatch(name)
        if found is None:
            raise NoSuchTask
        uid, task = Uid(found[1]), TaskId(int(found[2]))
        if dot and not self._made(seal, uid, task):
            raise NoSuchTask
        return Former(uid, task, sealed=bool(dot))

    def _made(self, seal: str, uid: Uid, task: TaskId) -> bool:
        if self.key is None or not seal.isascii():
            return False
        key = hmac.digest(self.key.encode(), uid.encode(), "sha256").hex()
        own = hmac.digest(key.encode(), task_name(uid, task).encode(), "sha256").hex()[:_SEAL_DIGITS]
        return hmac.compare_digest(seal.encode(), own.encode())


def is_taken_from(connection: Connection, former: Former) -> bool:
    """Whether the execution was begun by a version that made its tokens like this."""
    asked = {"uid": former.uid, "start": START}
    if not former.sealed:
        query = "SELECT 1 FROM executions WHERE uid = :uid AND bare_tokens IS TRUE"
        return connection.execute(query, asked).fetchone() is not None
    row = connection.execute("SELECT body FROM parts WHERE uid = :uid AND part = :start", asked).fetchone()
    return row is not None and msgspec.json.decode(row["body"]).get("tokenKey") is not None
