"""Rows of tables are read by the columns that their own stream has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from stepwright.kube.api_errors import ApiError
from stepwright.kube.forms import Reader, Rows

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def reader(columns: Sequence[str]) -> Reader[Any] | None:
    if "Phase" not in columns:
        return None
    return lambda text: _decode(text)["cells"][columns.index("Phase")]


def table(row: Any, *columns: str) -> msgspec.Raw:
    definitions = [{"name": name} for name in columns]
    said = {"metadata": {"resourceVersion": "1"}, "columnDefinitions": definitions, "rows": [row]}
    return msgspec.Raw(msgspec.json.encode(said))


def test_a_stream_goes_on_while_another_begins_without_the_columns_that_are_needed() -> None:
    """All watches of the process ended: that of another namespace, begun before, could not be read any more."""
    rows = Rows(reader)
    row = {"cells": ["e0", "Running"]}
    assert rows.read(rows.of_event(table(row, "Name", "Phase"))) == "Running"
    for _ in range(2):
        with pytest.raises(ApiError, match="lacks columns"):
            rows.of_event(table(row, "Name"))
        assert rows.read(rows.of_event(table(row))) == "Running"
