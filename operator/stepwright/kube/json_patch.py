"""Operations of a JSON Patch (RFC 6902)."""

from __future__ import annotations

from typing import Any

Operation = dict[str, Any]


def add(path: str, value: Any) -> Operation:
    """It replaces what is there."""
    return {"op": "add", "path": path, "value": value}
