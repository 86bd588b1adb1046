"""What is stored of an execution, beside what a process knows to have written."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jsonpatch
import pytest

from stepwright.cluster import compared, patches, seal
from stepwright.cluster.compared import Relation
from stepwright.cluster.record import Record
from stepwright.cluster.stored import of
from stepwright.engine.ports import Commit
from tests.cluster.test_patches import FORKS, NEW, PINNED, commits_of, encoded, fail_first

COMMITS = commits_of(FORKS, {"items": [1, 2, 3]}, fail_first)
OTHERS = commits_of(FORKS, {"items": [4, 5]}, fail_first)


def after(count: int, commits: Sequence[Commit] = COMMITS) -> tuple[dict[str, Any], Record]:
    """What is stored after so many commits, and what its writer knows."""
    stored, known = copy.deepcopy(NEW), Record.of(of(NEW), PINNED)
    for number, commit in enumerate(commits[:count]):
        named = replace(commit, commit_id=f"{len(commits)}-{number}")
        change = patches.of_commit(known, named, *encoded(named))
        stored, known = jsonpatch.apply_patch(stored, change.patch), change.after
    return stored, known


def without_seal(stored: dict[str, Any], **edits: Any) -> dict[str, Any]:
    status = {name: value for name, value in stored["status"].items() if name != "seal"}
    return {**stored, "status": status | edits}


def edited(stored: dict[str, Any], **edits: Any) -> dict[str, Any]:
    return {**stored, "status": stored["status"] | edits}


KNOWN = after(3)[1]


@pytest.mark.parametrize(
    ("stored", "relation"),
    [
        pytest.param(after(3)[0], Relation.FOLLOWS, id="what was written last"),
        pytest.param(after(5)[0], Relation.FOLLOWS, id="later commits, another process's"),
        pytest.param(after(2)[0], Relation.RESTORED, id="an earlier commit"),
        pytest.param(after(3, OTHERS)[0], Relation.RESTORED, id="another commit of the same number"),
        pytest.param(edited(after(3)[0], commitId="x"), Relation.FOLLOWS, id="its id was edited: that is reported later"),
        pytest.param(without_seal(after(3)[0]), Relation.FOLLOWS, id="a CRD that knows no seal"),
        pytest.param(without_seal(after(3)[0], seq=2), Relation.EDITED, id="an earlier number and no seal"),
        pytest.param(edited(after(3)[0], seq=9), Relation.FOLLOWS, id="a later number, which the seal will deny"),
    ],
)  # fmt: skip
def test_what_is_stored_in_relation_to_what_is_known(stored: dict[str, Any], relation: Relation) -> None:
    assert compared.relation(of(stored), KNOWN) is relation


@pytest.mark.parametrize(
    ("now", "then", "is_from_before"),
    [("7", "7", True), ("6", "7", True), ("8", "7", False), ("10", "9", False), ("x", "7", False), ("7", "", False)],
)  # fmt: skip
def test_an_object_that_shows_no_write_since_it_was_taken_up(
    now: str, then: str, is_from_before: bool
) -> None:
    found = of({**NEW, "metadata": NEW["metadata"] | {"resourceVersion": now}})
    known = Record.of(of({**NEW, "metadata": NEW["metadata"] | {"resourceVersion": then}}), PINNED)

    assert compared.is_from_before(found, known) is is_from_before


@pytest.mark.parametrize(
    ("edit", "is_as_written"),
    [
        pytest.param({}, True, id="nothing"),
        pytest.param({"commitId": "x"}, False, id="the id of the commit"),
        pytest.param({"operator": "x"}, False, id="who runs it"),
        pytest.param({"transitions": []}, False, id="where it has been"),
        pytest.param({"conditions": []}, False, id="what is said of it"),
        pytest.param({"phase": "Succeeded"}, False, id="its phase"),
        pytest.param({"history": []}, False, id="its history"),
        pytest.param({"duration": "1s"}, True, id="what only people read"),
    ],
)
def test_somebody_has_edited(edit: dict[str, Any], is_as_written: bool) -> None:
    assert compared.is_as_written(of(edited(after(3)[0], **edit)), KNOWN) is is_as_written


def test_of_a_commit_that_is_not_known_only_the_seal_shows_an_edit() -> None:
    later = after(4)[0]

    assert compared.is_as_written(of(edited(later, transitions=[])), KNOWN)
    assert not compared.is_as_written(of(edited(later, history=[])), KNOWN)
    assert compared.is_as_written(of(later), None)
    assert later["status"]["seal"] == str(seal.of("uid-1", later["status"]))
