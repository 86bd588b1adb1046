"""What may stand in a path of the Kubernetes API: nothing that an execution's data says leads anywhere else.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from typing import Any, Final

_API_VERSION: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?v[a-z0-9]+")
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NAMESPACE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SUBRESOURCE: Final = re.compile(r"[a-z]+")
_PATH: Final = re.compile(r"/apis?(?:/[A-Za-z0-9._~:@!$&'()*+,;=-]+)+")
_LONGEST_NAME: Final = 253


def is_api_version(value: Any) -> bool:
    return _matches(_API_VERSION, value)


def is_kind(value: Any) -> bool:
    return _matches(_KIND, value)


def is_namespace(value: Any) -> bool:
    return _matches(_NAMESPACE, value)


def is_subresource(value: Any) -> bool:
    return _matches(_SUBRESOURCE, value)


def is_path(value: Any) -> bool:
    """Whether it is a path below ``/api`` or ``/apis``, and as it stands: nothing in it is to be decoded or resolved."""
    if not _matches(_PATH, value):
        return False
    segments = value.split("/")[1:]
    # /api/v1/watch/... is an older way to watch, whose answer has no end.
    return ".." not in segments and "." not in segments and "watch" not in segments[2:4]


def is_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= _LONGEST_NAME
        and value not in (".", "..")
        and not any(character in "/%" or not character.isprintable() for character in value)
    )


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
