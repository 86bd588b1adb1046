"""Lists as tables, as an API server answers them where its CRDs say what columns there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stepwright.cluster.resources.kinds import KINDS


def is_asked_for(accept: str | None) -> bool:
    return "as=Table" in (accept or "")


def answer(plural: str, bodies: Sequence[Mapping[str, Any]], *, metadata: Mapping[str, Any]) -> bytes:
    """Columns whose path has more than names in it stay empty."""
    columns = next(kind.columns for kind in KINDS if kind.plural == plural)
    rows = [
        {
            "cells": [body["metadata"]["name"], *(_cell(body, column.path) for column in columns)],
            "object": {"kind": "PartialObjectMetadata", "metadata": body["metadata"]},
        }
        for body in bodies
    ]
    names = [{"name": name} for name in ("Name", *(column.name for column in columns))]
    return msgspec.json.encode(
        {"kind": "Table", "metadata": metadata, "columnDefinitions": names, "rows": rows}
    )


def _cell(body: Mapping[str, Any], path: str) -> Any:
    at: Any = body
    for name in path.split(".")[1:]:
        at = at.get(name) if isinstance(at, Mapping) else None
    return at
