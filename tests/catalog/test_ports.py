"""The ports say what any store can keep: nothing in them is a store's own way to count or to name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from stepwright.catalog import ports
from stepwright.catalog.ports import Cursor, Page

PORTS: list[type] = [
    port for port in map(ports.__dict__.__getitem__, ports.__all__) if getattr(port, "_is_protocol", False)
]


def methods() -> list[Any]:
    return [
        pytest.param(method, id=f"{port.__name__}.{name}")
        for port in PORTS
        for name, method in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    ]


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port.__name__)
def test_each_port_says_what_it_is_for(port: type) -> None:
    assert port.__doc__
    assert (inspect.getmodule(port) or ports).__doc__


@pytest.mark.parametrize("method", methods())
def test_a_list_of_a_port_goes_on_where_its_store_says(method: Callable[..., Any]) -> None:
    hints = get_type_hints(method)
    given = hints.pop("return")

    if getattr(given, "__origin__", None) is Page:
        assert hints["after"] == Cursor | None
        assert hints["limit"] is int
    else:
        assert "Sequence" not in str(given)
        assert not {"after", "before", "limit", "position"} & hints.keys()
