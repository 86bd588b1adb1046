"""How tasks spell the members of a model's structures: as ``aws-sdk`` tasks do, or as optimised integrations."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.aws import exceptional, names


@dataclass(frozen=True, slots=True)
class Spelling:
    """``sdk``: of ``aws-sdk`` tasks, whose moments are texts; those of optimised integrations are numbers (milliseconds).
    ``has_all_lists``: lists that the service has left out are there and empty."""

    sdk: bool
    has_all_lists: bool = False

    def name(self, structure: str, member: str) -> str:
        """How a task spells a member of a structure of the model."""
        if not self.sdk:
            return names.optimized_member(member)
        return exceptional.MEMBERS.get((structure, member)) or _sdk_member(member)


SDK: Final = Spelling(sdk=True)
OPTIMIZED: Final = Spelling(sdk=False)
OPTIMIZED_WITH_LISTS: Final = Spelling(sdk=False, has_all_lists=True)

_sdk_member: Final = lru_cache(maxsize=8192)(names.member)


def nearest(name: str, known: Any) -> str | None:
    """The name that was probably meant; one that differs in nothing but capitals before all others."""
    for one in known:
        if one.lower() == name.lower():
            return str(one)
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return found[0] if found else None


def members_of(shape: Any, spelling: Spelling) -> dict[str, str]:
    """The members of a structure, by how tasks spell them."""
    return {spelling.name(shape.name, member): member for member in shape.members}


def others_of(shape: Any, spelling: Spelling) -> Mapping[str, str]:
    """Members by other names that a task may use: those of the model for types of DynamoDB, those of the SDK for S3's."""
    if shape.name == exceptional.ATTRIBUTE_VALUE:
        return {name: name for name in shape.members}
    if spelling.sdk and shape.name in exceptional.COPIES:
        parts = dict.fromkeys(exceptional.SOURCE_PARTS, exceptional.COPY_SOURCE)
        return {**exceptional.ALSO[shape.name], **parts}
    return {}


def is_plain_text(shape: Any, value: Json, spelling: Spelling) -> bool:
    """The SDK's first version makes of a text a value of DynamoDB."""
    return not spelling.sdk and isinstance(value, str) and shape.name == exceptional.ATTRIBUTE_VALUE


def is_document(shape: Any) -> bool:
    """Whether any JSON will do."""
    return bool(getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"))
