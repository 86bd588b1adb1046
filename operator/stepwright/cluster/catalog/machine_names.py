"""Which object a state machine of a given name is: AWS allows names that no object can have."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from stepwright.cluster.resources.model import DNS_NAME

NAME: Final = "stepwright.dev/name"
"""Annotation of a StateMachine: its name as AWS has it, where that is not metadata.name."""

_LONGEST: Final = 253
_LONGEST_SLUG: Final = 40
_HASH_LENGTH: Final = 16


def machine_object(name: str) -> str:
    """A pure function, so that an ARN leads to one object: the one of that name, or one that is made of it."""
    if len(name) <= _LONGEST and re.fullmatch(DNS_NAME, name) is not None:
        return name
    digest = hashlib.sha256(f"StateMachine\n{name}".encode("utf-8", "surrogatepass")).digest()
    end = base64.b32encode(digest).decode("ascii").lower()[:_HASH_LENGTH]
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST_SLUG].strip("-")
    return f"{slug}-{end}" if slug else end


def machine_name(object_name: str, annotated: str | None) -> str:
    """The name of a state machine, by its object: the annotation counts only where it leads to that object."""
    return annotated if annotated is not None and machine_object(annotated) == object_name else object_name
