"""Task tokens, with which workers answer tasks. They are made and read only here.

A token names a task and the moment it was scheduled, and ends with a seal that only holders of a key can
make: nobody can guess one, whatever else about an execution is known, and a forged one is recognised without
reading any store. It is bound to the namespace, the execution, the attempt (each is a separate task) and the
moment; so if a store is restored from a backup and another task gets the same id later, the token does not
name that one.

Tokens are not stored: they can be made again from the task.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.ports import NoSuchTask
from stepwright.engine.ports import Uid

_VERSION: Final = 1
_BODY: Final = struct.Struct(">BB8s16sQQ")
"""Version, key, namespace, uid, task, milliseconds at which it was scheduled."""
_SEAL_BYTES: Final = 18
"""Of an HMAC-SHA256 of the body: 144 bits. Together with the body this is a multiple of three bytes, so
base64 has neither padding nor spare bits."""
_LENGTH: Final = (_BODY.size + _SEAL_BYTES) // 3 * 4
"""80 characters; AWS's have up to 2,048."""

KEY_BYTES: Final = 32


class Named(NamedTuple):
    """The task that a token names, which may never have been open."""

    namespace: bytes
    """``namespace_hash``."""
    uid: Uid
    task: TaskId
    scheduled: Millis


class TaskTokens:
    """``keys``: the first makes tokens, tokens of all are accepted. To rotate a key, put a new one before it,
    and remove it when no task of its time is open any more."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys: dict[int, list[bytes]] = {}
        for key in keys:
            self._keys.setdefault(_key_id(key), []).append(key)
        self._newest = keys[0]
        self._newest_id = _key_id(keys[0])

    def make(self, namespace: str, uid: str, task: TaskId, scheduled: Millis) -> str:
        """``uid``: a UUID as Kubernetes writes it."""
        number, place = _number(uid), namespace_hash(namespace)
        return _sealed(self._newest, _BODY.pack(_VERSION, self._newest_id, place, number, task, scheduled))

    def read(self, token: str) -> Named:
        """Raises NoSuchTask."""
        if len(token) != _LENGTH or not token.isascii():
            raise NoSuchTask
        given = token.encode()
        try:
            body = urlsafe_b64decode(given)[: _BODY.size]
            version, key_id, namespace, number, task, scheduled = _BODY.unpack(body)
        except (ValueError, struct.error):
            raise NoSuchTask from None
        if version != _VERSION:
            raise NoSuchTask
        # The whole text is compared, because decoding drops characters outside base64's alphabet.
        for key in self._keys.get(key_id, ()):
            if hmac.compare_digest(given, _sealed(key, body).encode()):
                return Named(namespace, Uid(str(uuid.UUID(bytes=number))), TaskId(task), Millis(scheduled))
        raise NoSuchTask


@lru_cache(maxsize=1024)
def namespace_hash(namespace: str) -> bytes:
    """Eight bytes from which anybody who knows all namespaces can find the token's."""
    return hashlib.sha256(namespace.encode()).digest()[:8]


@lru_cache(maxsize=1024)  # an execution has many tasks, and this takes as long as the rest of a token
def _number(uid: str) -> bytes:
    number = uuid.UUID(uid)
    if str(number) != uid:  # otherwise it would be read as another
        raise ValueError(f"{uid} is not a UUID in lower case")
    return number.bytes


def _key_id(key: bytes) -> int:
    """Which key a token was made with; if two share an id, both are tried."""
    return hashlib.sha256(b"task-token-key:" + key).digest()[0]


def _sealed(key: bytes, body: bytes) -> str:
    seal = hmac.digest(key, body, "sha256")[:_SEAL_BYTES]
    return urlsafe_b64encode(body + seal).decode()
