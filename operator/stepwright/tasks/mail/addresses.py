"""Addresses of mail, as far as they are taken: in ASCII, without comments and quotes, which few people have and readers differ
about."""

from __future__ import annotations

import re
from typing import Any, Final

_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN: Final = (
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_ADDRESS: Final = re.compile(f"{_LOCAL}@{_DOMAIN}")

_LONGEST: Final = 254
"""Characters: https://www.rfc-editor.org/errata/eid1690."""


def is_address(value: Any) -> bool:
    """``orders@example.com``, without a name."""
    return isinstance(value, str) and len(value) <= _LONGEST and _ADDRESS.fullmatch(value) is not None


def domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
