"""The value where AWS accepts "a path or an intrinsic function": fields ending in ``.$``, ErrorPath,
CausePath."""

from __future__ import annotations

from typing import TypeAlias

from stepwright.asl import intrinsics, jsonpath

PathExpression: TypeAlias = jsonpath.Path | intrinsics.Intrinsic


def compile(text: str) -> PathExpression:
    """Raises ``jsonpath.InvalidPath`` or ``intrinsics.InvalidIntrinsic``."""
    return jsonpath.compile(text) if text.startswith("$") else intrinsics.compile(text)


def paths(expression: PathExpression) -> tuple[jsonpath.Path, ...]:
    """Every path in it."""
    return (expression,) if isinstance(expression, jsonpath.Path) else expression.paths
