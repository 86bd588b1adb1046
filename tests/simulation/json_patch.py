"""JSON Patch (RFC 6902) as far as Stepwright sends it: test, add, replace, remove. In place, and quick."""

from __future__ import annotations

from typing import Any


class PatchError(Exception):
    """The API server answers 422."""


def apply(document: Any, operations: list[dict[str, Any]]) -> None:
    """Change ``document``. On an error it is left half changed: the caller throws it away."""
    for operation in operations:
        _apply(document, operation)


def _apply(document: Any, operation: dict[str, Any]) -> None:
    keys = [key.replace("~1", "/").replace("~0", "~") for key in operation["path"].split("/")[1:]]
    target = document
    for key in keys[:-1]:
        target = _member(target, key)
    last, op = keys[-1], operation["op"]
    if op == "test":
        if _member(target, last) != operation["value"]:
            raise PatchError(f"testing value {operation['path']} failed")
    elif op == "replace":
        _member(target, last)
        target[last if isinstance(target, dict) else int(last)] = operation["value"]
    elif op == "remove":
        _member(target, last)
        del target[last if isinstance(target, dict) else int(last)]
    elif op == "add":
        _add(target, last, operation["value"])
    else:
        raise PatchError(f"unexpected kind of operation: {op}")


def _add(target: Any, key: str, value: Any) -> None:
    if isinstance(target, dict):
        target[key] = value
    elif isinstance(target, list) and key == "-":
        target.append(value)
    elif isinstance(target, list) and key.isdigit() and int(key) <= len(target):
        target.insert(int(key), value)
    else:
        raise PatchError(f"no place for {key}")


def _member(target: Any, key: str) -> Any:
    if isinstance(target, dict) and key in target:
        return target[key]
    if isinstance(target, list) and key.isdigit() and int(key) < len(target):
        return target[int(key)]
    raise PatchError(f"there is no {key}")
