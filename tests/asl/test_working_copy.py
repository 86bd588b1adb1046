"""A step changes copies: the checkpoint that it was made from stays as it was, and what it did not touch is shared."""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import (
    HEAD,
    Branch,
    Checkpoint,
    Fork,
    Head,
    branch_id,
    fork_id,
)
from stepwright.asl.interpreter.working_copy import WorkingCopy
from stepwright.asl.json_types import Pointer
from stepwright.asl.text.payload import Payload


def branch(number: int) -> Branch:
    return Branch(number, Pointer(""), "A", Payload({}), 0)


def checkpoint() -> Checkpoint:
    """Two branches of a fork."""
    return Checkpoint(
        {HEAD: Head(), branch_id(0): branch(0), branch_id(1): branch(1), fork_id(0): Fork(0, 2, 2, 0)}
    )


def changed(copy: WorkingCopy) -> frozenset[str]:
    return copy.differing(has_events=False)


def test_a_branch_that_is_changed_is_a_copy_and_the_others_are_shared() -> None:
    before = checkpoint()
    copy = WorkingCopy(before)

    one = copy.branch(1)
    assert one is not None
    one.state = "B"

    assert copy.branch(1) is one
    assert before.parts[branch_id(1)] == branch(1)
    assert copy.parts[branch_id(0)] is before.parts[branch_id(0)]
    assert changed(copy) == {branch_id(1)}


def test_what_was_touched_and_is_the_same_again_has_not_changed() -> None:
    copy = WorkingCopy(checkpoint())

    fork = copy.fork(0)
    assert fork is not None
    fork.failed += 1
    fork.failed -= 1

    assert changed(copy) == frozenset()


def test_a_step_that_records_an_event_changes_the_head() -> None:
    copy = WorkingCopy(checkpoint())

    assert copy.differing(has_events=True) == {HEAD}


def test_what_comes_and_goes_has_changed() -> None:
    copy = WorkingCopy(checkpoint())

    copy.put(branch_id(7), branch(7))
    copy.drop_branch(branch(1))

    assert copy.branch(1) is None
    assert changed(copy) == {branch_id(1), branch_id(7)}


def test_of_a_new_execution_everything_is_to_be_written() -> None:
    new = checkpoint()

    assert changed(WorkingCopy(new, new=True)) == set(new.parts)


def test_a_redrive_goes_on_from_the_parts_as_they_were_when_the_failure_came() -> None:
    copy = WorkingCopy(checkpoint())
    one = copy.branch(1)
    assert one is not None
    one.state = "Failed"

    assert copy.freeze()
    one.state = "Cleared away"
    copy.drop_branch(branch(0))
    copy.head.last_event_id = 9

    kept = copy.redrivable({1: 3})
    assert kept is not None
    failed = kept.parts[branch_id(1)]
    assert isinstance(failed, Branch)
    assert (failed.state, failed.events) == ("Failed", 3)
    assert branch_id(0) in kept.parts
    assert kept.head.last_event_id == 9
    assert copy.frozen_fork(0) == Fork(0, 2, 2, 0)


def test_a_failure_while_another_is_handled_keeps_the_parts_of_the_first() -> None:
    copy = WorkingCopy(checkpoint())

    assert copy.freeze()
    assert not copy.freeze()


def test_a_failure_that_was_handled_keeps_nothing() -> None:
    copy = WorkingCopy(checkpoint())
    copy.freeze()

    copy.thaw()

    assert copy.redrivable({}) is None
    assert copy.frozen_fork(0) is None


def test_branches_are_opened_from_the_oldest_on() -> None:
    parts = checkpoint().parts
    turned = Checkpoint(dict(reversed(list(parts.items()))))

    assert [each.number for each in WorkingCopy(turned).open_branches()] == [0, 1]
