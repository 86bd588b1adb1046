"""The quick applier of JSON Patches does what the library does, refusals included."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import jsonpatch
import pytest

from tests.simulation import json_patch

PATHS = ("/a", "/a/b", "/a/0", "/a/-", "/l", "/l/0", "/l/1", "/l/7", "/l/-", "/x~1y", "/x~0y", "/a/b/c")
VALUES: tuple[Any, ...] = (1, "t", None, [1], {"b": 2}, {"b": {"c": [3]}})


def any_patch(random: Random) -> list[dict[str, Any]]:
    operations = []
    for _ in range(random.randrange(1, 4)):
        op = random.choice(("test", "add", "add", "replace", "remove"))
        operation: dict[str, Any] = {"op": op, "path": random.choice(PATHS)}
        if op != "remove":
            operation["value"] = copy.deepcopy(random.choice(VALUES))
        operations.append(operation)
    return operations


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_the_library(seed: int) -> None:
    random = Random(seed)
    for _ in range(200):
        document = {
            "a": copy.deepcopy(random.choice(VALUES)),
            "l": [1, {"b": 1}],
            "x/y": random.choice(VALUES),
            "x~y": 1,
        }
        patch = any_patch(random)
        try:
            expected = jsonpatch.apply_patch(document, copy.deepcopy(patch))
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError, KeyError):
            expected = None
        mine: Any = copy.deepcopy(document)
        try:
            json_patch.apply(mine, copy.deepcopy(patch))
        except json_patch.PatchError:
            mine = None

        assert mine == expected, patch
