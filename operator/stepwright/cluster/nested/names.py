"""Which object an execution with a given name is: on AWS each state machine has names of its own, and they may have characters that
no object's name has. So a child's object is named after both: ``ship.order-7``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from stepwright.cluster.resources.model import DNS_NAME

_LONGEST: Final = 253
_LONGEST_SLUG: Final = 40
_LONGEST_MACHINE: Final = 100
_HASH_LENGTH: Final = 16


class Named(NamedTuple):
    """An execution by its ARN."""

    namespace: str
    machine: str
    name: str


def object_name(state_machine: str, name: str) -> str:
    """``state_machine``: the name of its object. A pure function, so that a repeat has the same name."""
    plain = f"{state_machine}.{name}"
    if "." not in state_machine and _is_name(plain):
        return plain
    digest = hashlib.sha256(f"{state_machine}\n{name}".encode("utf-8", "surrogatepass")).digest()
    end = base64.b32encode(digest).decode("ascii").lower()[:_HASH_LENGTH]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST_SLUG].strip("-")
    machine = state_machine[:_LONGEST_MACHINE].rstrip("-.")
    return f"{machine}.{slug}-{end}" if slug else f"{machine}.{end}"


def candidates(state_machine: str, name: str) -> Iterator[str]:
    """The objects that may be the execution of this name: one that a task has started, one that somebody has created."""
    yield object_name(state_machine, name)
    if _is_name(name):
        yield name


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST and re.fullmatch(DNS_NAME, text) is not None
