"""An execution names the installation that carries it, and others leave it alone."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import pytest

from stepwright.cluster import patches
from stepwright.cluster.installation import Installation
from stepwright.cluster.record import Record
from stepwright.cluster.stored import of
from tests.cluster.test_patches import FORKS, NEW, PINNED, commits_of, encoded

COMMITS = commits_of(FORKS, {"items": [1]}, None)


def applied(body: dict[str, Any], found: Record, number: int) -> tuple[dict[str, Any], Record]:
    change = patches.of_commit(found, COMMITS[number], *encoded(COMMITS[number]))
    result: dict[str, Any] = jsonpatch.apply_patch(body, change.patch)
    return result, change.after


def test_the_first_commit_names_the_installation_and_later_ones_need_not() -> None:
    found = Record.of(of(NEW), PINNED)
    found.carrier = "stepwright-system"
    body, after = applied(copy.deepcopy(NEW), found, 0)
    assert body["status"]["operator"] == "stepwright-system"

    change = patches.of_commit(after, COMMITS[1], *encoded(COMMITS[1]))
    assert "/status/operator" not in {operation["path"] for operation in change.patch}


@pytest.mark.parametrize("before", [None, "gone"])
def test_one_that_was_begun_by_an_older_version_or_is_adopted_is_named_with_its_next_commit(
    before: str | None,
) -> None:
    found = Record.of(of(NEW), PINNED)
    found.carrier = before
    body, _ = applied(copy.deepcopy(NEW), found, 0)
    found = Record.of(of(body), PINNED)
    found.carrier = "stepwright-system"
    body, _ = applied(body, found, 1)

    assert body["status"]["operator"] == "stepwright-system"


def test_an_installation_carries_its_own_what_nobody_has_begun_and_what_it_adopts() -> None:
    mine = Installation("mine", frozenset({"gone"}))

    assert [mine.carries(name) for name in (None, "", "mine", "gone", "other")] == [True] * 4 + [False]
