"""What a task's Job and pods mean for the task, given how the Job was made; and which tasks are watched."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import Millis, TaskId
from stepwright.tasks.job import errors, facts
from stepwright.tasks.job.judging import verdict_on
from stepwright.tasks.job.verdict import Failed, LookCloser, Succeeded, Undecided, Verdict
from stepwright.tasks.job.watched import Watched, WatchedTasks
from tests.tasks.job.running import execution
from tests.tasks.job.test_job_verdict import NO_POD, OK, job, pod

REF = execution("shop")
ENDED = pod(OK, phase="Succeeded")
OTHER = pod(OK, phase="Succeeded", name="theirs-abcde")
FAILED = pod({"exitCode": 3, "reason": "Error"}, phase="Failed")


def watched(task: int = 5, **given: Any) -> Watched:
    values: dict[str, Any] = {"output": "message", "completions": 1, "parallelism": 1, **given}
    return Watched(
        REF,
        TaskId(task),
        "Charge",
        "order-7-5-x",
        "t",
        grace_ms=0,
        ttl_seconds=60,
        since=Millis(0),
        **values,
    )


SUCCEEDED = Succeeded(ENDED, ENDED.terminated("main"))


@pytest.mark.parametrize(
    ("this", "of", "own", "foreign", "certain", "gone", "found"),
    [
        pytest.param(watched(), job(), [ENDED], [], False, False, SUCCEEDED, id="its pod has ended well"),
        pytest.param(watched(), job(), [], [], False, False, NO_POD, id="no pod yet"),
        pytest.param(watched(), job("Complete"), [], [], False, False, LookCloser(), id="the copies lag"),
        pytest.param(
            watched(output="job"), job(), [ENDED], [], False, False, Undecided(), id="the Job is the result"
        ),
        pytest.param(
            watched(output="job"), job("Complete"), [ENDED], [], False, False, SUCCEEDED, id="and has ended"
        ),
        # A queue admits fewer pods at once: the Job is the same all the same.
        pytest.param(
            watched(completions=None, parallelism=3),
            job("Complete", completions=None, parallelism=1),
            [ENDED],
            [],
            False,
            False,
            Succeeded(None),
            id="a queue admits fewer",
        ),
        # Gone.
        pytest.param(watched(), job(), [ENDED], [], True, True, SUCCEEDED, id="gone after its pod's end"),
        pytest.param(watched(), job(), [], [], True, True, errors.DELETED, id="gone while it ran"),
        pytest.param(
            watched(), job("Complete"), [], [], True, True, errors.DELETED, id="gone with its output"
        ),
        pytest.param(
            watched(), job("Complete"), [], [], True, False, errors.OUTPUT_LOST, id="its pod is gone"
        ),
        pytest.param(
            watched(), job("Failed"), [FAILED], [], True, True, errors.FAILED, id="gone after it failed"
        ),
        # Not the task's.
        pytest.param(watched(), job("Complete"), [], [OTHER], True, False, errors.REFUSED, id="given a pod"),
        pytest.param(
            watched(completions=3),
            job("Complete", completions=1),
            [ENDED],
            [],
            True,
            False,
            errors.REFUSED,
            id="its completions were changed",
        ),
        pytest.param(
            watched(completions=3, from_its_creation=True),
            job("Complete", completions=3),
            [ENDED],
            [],
            True,
            False,
            errors.REFUSED,
            id="more are counted than its own",
        ),
        pytest.param(
            watched(completions=3),
            job("Complete", completions=3),
            [ENDED],
            [],
            True,
            False,
            Succeeded(None),
            id="some may have gone unseen",
        ),
    ],
)
def test_the_verdict_on_a_task(
    this: Watched,
    of: facts.Job,
    own: list[facts.Pod],
    foreign: list[facts.Pod],
    certain: bool,
    gone: bool,
    found: Verdict | str,
) -> None:
    verdict = verdict_on(this, of, own, foreign, certain=certain, gone=gone)

    assert (verdict.error if isinstance(verdict, Failed) else verdict) == found


@pytest.mark.parametrize(
    ("gone", "present", "without_log", "known"),
    [
        ([], ["a", "b"], [], ["a", "b"]),
        (["a"], ["b"], [], ["a", "b"]),
        (["a"], ["a"], [], ["a"]),
        (["a"], ["b"], ["a"], ["b"]),
        ([], ["a", "b"], ["b"], ["a"]),
    ],
)
def test_pods_that_are_gone_count_unless_their_output_is_lost(
    gone: list[str], present: list[str], without_log: list[str], known: list[str]
) -> None:
    this = watched(gone_pods={name: pod(name=name) for name in gone}, without_log=set(without_log))

    assert [each.metadata.name for each in this.with_gone([pod(name=name) for name in present])] == known


def test_a_task_is_watched_until_it_is_removed() -> None:
    tasks, this, another = WatchedTasks(), watched(job=job()), watched(task=7)
    tasks.add(this)
    tasks.add(another)

    assert (len(tasks), list(tasks), tasks.of(REF.uid)) == (2, [this, another], [this, another])
    assert (tasks.get(REF.uid, this.task), tasks.of_job(job().metadata.uid)) == (this, this)
    assert tasks.remove(REF.uid, this.task) is this
    assert (this in tasks, another in tasks) == (False, True)
    assert tasks.of_job(job().metadata.uid) is None
    assert tasks.remove(REF.uid, this.task) is None


def test_another_of_the_same_task_is_not_the_one_that_was_watched() -> None:
    """It was stopped and started again while something was read for it."""
    tasks, former = WatchedTasks(), watched()
    tasks.add(former)
    tasks.remove(REF.uid, former.task)
    tasks.add(watched())

    assert former not in tasks
