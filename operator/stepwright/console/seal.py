"""What is given to a browser to keep: nobody can read it, make it or change it who lacks the key. So a session needs no store, and
every replica knows it.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

S = TypeVar("S", bound=msgspec.Struct)

KEY_BYTES: Final = 32

_NONCE_BYTES: Final = 12
"""Random: with one key 2**32 seals are safe, https://csrc.nist.gov/pubs/sp/800/38/d/final 8.3."""


class Seal:
    """``keys``: the first one seals, each of them opens: while a new one goes to all replicas, both are there."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a key of sessions has {KEY_BYTES} bytes, and there must be one")
        self._ciphers: Final = [AESGCM(key) for key in keys]

    def close(self, what: str, said: msgspec.Struct) -> str:
        """``what``: what it is for; it opens as that alone."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[0].encrypt(nonce, msgspec.json.encode(said), what.encode())
        return urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def open(self, what: str, sealed: str, into: type[S]) -> S | None:
        """None if it was not closed as that, with one of the keys."""
        try:
            given = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        except ValueError:
            return None
        for cipher in self._ciphers:
            try:
                text = cipher.decrypt(given[:_NONCE_BYTES], given[_NONCE_BYTES:], what.encode())
                return msgspec.json.decode(text, type=into)
            except (InvalidTag, ValueError, msgspec.MsgspecError):  # of another key, of another version
                continue
        return None
