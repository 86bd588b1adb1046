"""Definitions of states that follow one another."""

from __future__ import annotations

from typing import Any


def chain(state: dict[str, Any], length: int) -> dict[str, Any]:
    """So many states, all like this one."""
    states = {f"S{n}": state | {"Next": f"S{n + 1}"} for n in range(length - 1)}
    return {"StartAt": "S0", "States": states | {f"S{length - 1}": state | {"End": True}}}
