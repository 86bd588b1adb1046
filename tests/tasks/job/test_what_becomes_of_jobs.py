"""What becomes of a Job whose task has its result, from the Job and its pods as the API server gives them."""

from __future__ import annotations

import pytest

from stepwright.tasks.job import aftermath, facts
from stepwright.tasks.job.aftermath import Aftermath
from tests.tasks.job.test_job_verdict import DISRUPTED, OK, job, pod

FAILED = {"exitCode": 1, "reason": "Error"}


@pytest.mark.parametrize(
    ("this", "pods", "becomes"),
    [
        pytest.param(job("Complete"), [], Aftermath.FINISHED, id="it is complete"),
        pytest.param(job("Failed"), [pod()], Aftermath.FINISHED, id="it has failed"),
        pytest.param(job("SuccessCriteriaMet"), [], Aftermath.ENDING, id="it is about to be complete"),
        pytest.param(job("FailureTarget"), [pod()], Aftermath.ENDING, id="it is about to have failed"),
        pytest.param(job(deleted=True), [], Aftermath.ENDING, id="it is being deleted"),
        pytest.param(job(completions=3), [pod()], Aftermath.ENDING, id="it has several pods to come"),
        pytest.param(job(), [pod(OK)], Aftermath.ENDING, id="its container has ended"),
        pytest.param(job(), [pod(OK, phase="Succeeded")], Aftermath.FINISHED, id="its pod has succeeded"),
        pytest.param(job(), [pod(OK, phase="Succeeded", conditions=DISRUPTED)], Aftermath.FINISHED, id="then its node went"),
        pytest.param(job(), [pod(OK, conditions=DISRUPTED)], Aftermath.AGAIN, id="its node goes before that is reported"),
        pytest.param(job(), [pod(OK, phase="Failed")], Aftermath.AGAIN, id="its node has failed its pod"),
        pytest.param(job(), [], Aftermath.AGAIN, id="its pod is gone"),
        pytest.param(job(), [pod(FAILED, phase="Failed")], Aftermath.AGAIN, id="its pod has failed, and it may try again"),
        pytest.param(job(), [pod(OK, conditions=DISRUPTED), pod(name="order-7-5-x-fghij")], Aftermath.AGAIN, id="another pod runs"),
        pytest.param(job(), [pod(OK), pod(name="order-7-5-x-fghij", deleted=True)], Aftermath.ENDING, id="another pod is on its way out"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_job_whose_task_has_ended(
    this: facts.Job, pods: list[facts.Pod], becomes: Aftermath
) -> None:
    assert aftermath.of(this, pods) is becomes
