"""``arn:aws:states:::eks:runJob``: a Job that is created once and not waited for, in AWS's names."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest
from msgspec.structs import replace

from stepwright.asl.json_types import Pointer
from stepwright.asl.resource import parse
from stepwright.asl.signals import TaskFailed, TaskId, TaskSucceeded
from stepwright.kube.api_errors import Unreachable
from stepwright.tasks import table
from stepwright.tasks.kubernetes import marks
from tests.simulation.api_server import Request
from tests.tasks.kubernetes.played import REF, Played, playing, task

RUN: Final = "arn:aws:states:::eks:runJob"
JOBS: Final = "/apis/batch/v1/namespaces/shop/jobs"
POD: Final = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "report:1"}]}}
CLUSTER: Final = {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "https://e"}
MARK: Final = marks.of_task(REF, TaskId(5))


def job(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"template": POD}}


async def ran(played: Played, *, again: bool = False, **given: Any) -> Any:
    this = replace(task("create", {**CLUSTER, **given}), resource=parse(RUN))
    await played.driver.start(REF, this, again=again)
    await asyncio.sleep(100)
    return played.signals[-1]


def test_a_job_is_created_and_not_waited_for() -> None:
    async def main(played: Played) -> None:
        signal = await ran(played, Job=job(name="report"), LogOptions={"RetrieveLogs": True})
        assert isinstance(signal, TaskSucceeded)
        made: Any = signal.output
        assert (made["apiVersion"], made["kind"], made["metadata"]["name"]) == ("batch/v1", "Job", "report")
        assert made["spec"]["template"] == POD
        assert played.asked == [f"POST {JOBS}"]
        assert {request.account for request in played.api.requests} == {"shop/clerk"}

    playing(main)


def test_a_job_without_a_name_gets_one_that_is_the_same_when_it_is_asked_for_again() -> None:
    async def main(played: Played) -> None:
        first = await ran(played, Job=job())
        played.driver = played.another()
        second = await ran(played, Job=job(), again=True)

        assert isinstance(first, TaskSucceeded)
        assert isinstance(second, TaskSucceeded)
        made: Any = first.output
        assert made["metadata"]["name"] == f"job-{MARK[:10]}"
        assert second.output == made
        assert len(played.server.all("jobs")) == 1

    playing(main)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_job_whose_answer_is_lost_is_there_once(when: str) -> None:
    async def main(played: Played) -> None:
        left = [Unreachable("the answer was lost", outcome_unknown=True)]

        def loses(request: Request) -> None:
            if request.method == "POST" and left:
                raise left.pop()

        setattr(played.api, when, loses)
        signal = await ran(played, Job=job(name="report"))
        assert isinstance(signal, TaskSucceeded)
        assert len(played.server.all("jobs")) == 1

    playing(main)


def test_what_the_api_refuses_is_told_as_aws_tells_it() -> None:
    async def main(played: Played) -> None:
        played.put("jobs", "report")
        signal = await ran(played, Job=job(name="report"))
        assert isinstance(signal, TaskFailed)
        assert signal.error == "EKS.409"
        assert json.loads(signal.cause or "")["ResponseBody"]["reason"] == "AlreadyExists"

    playing(main)


def test_a_definition_is_checked() -> None:
    def found(**given: Any) -> list[str]:
        state: Any = {"Type": "Task", "Resource": RUN, "Parameters": given}
        spec = {"serviceAccountName": "a"}
        return [each.message for each in table.check_for(spec)(parse(RUN), state, Pointer("/S"))]

    assert found(**CLUSTER, Namespace="default", Job=job()) == []
    assert found(job={}) == [
        f"{RUN} has no parameter 'job'; is 'Job' meant?",
        f"{RUN}: the parameter Job is missing: the Job to run",
    ]
    assert found(Job={**job(), "kind": "Pod"}) == [
        f"Job of {RUN} must be a Job of batch/v1, not Pod of batch/v1"
    ]
    assert found(Job={"metadata": {"name": "a/b"}}) == [f"Job of {RUN} must have a name as metadata.name"]
