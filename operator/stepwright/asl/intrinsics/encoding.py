"""Base64Encode, Base64Decode, Hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Final

from stepwright.asl.intrinsics.arguments import string
from stepwright.asl.intrinsics.errors import Unfit
from stepwright.asl.intrinsics.function import Function, Randomness
from stepwright.asl.json_types import Json

MAX_CHARACTERS: Final = 10_000
ALGORITHMS: Final = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def _limited(value: Json, name: str) -> str:
    text = string(value, name)
    if len(text) > MAX_CHARACTERS:
        raise Unfit(f"The {name} must not be longer than {MAX_CHARACTERS} characters.")
    return text


def _encode(values: Sequence[Json], _random: Randomness) -> Json:
    return base64.b64encode(_limited(values[0], "argument").encode()).decode()


def _decode(values: Sequence[Json], _random: Randomness) -> Json:
    try:
        return base64.b64decode(_limited(values[0], "argument"), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise Unfit("The argument is not valid Base64.") from None


def _hash(values: Sequence[Json], _random: Randomness) -> Json:
    data = _limited(values[0], "data")
    name = string(values[1], "algorithm")
    if name not in ALGORITHMS:
        raise Unfit(f"The algorithm must be one of {', '.join(ALGORITHMS)} but was {name}.")
    return hashlib.new(ALGORITHMS[name], data.encode(), usedforsecurity=False).hexdigest()


FUNCTIONS: Final = {
    "States.Base64Decode": Function(_decode, 1, 1),
    "States.Base64Encode": Function(_encode, 1, 1),
    "States.Hash": Function(_hash, 2, 2),
}
