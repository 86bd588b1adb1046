"""``arn:aws:states:::eks:call``: any request of the Kubernetes API, in AWS's shape."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from stepwright.asl.json_types import Pointer
from stepwright.asl.resource import parse
from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.kube.api_errors import Unreachable
from stepwright.tasks import table
from tests.simulation.api_server import Request
from tests.tasks.kubernetes.played import CONFIG_MAP, REF, Played, playing, task

CALL = "arn:aws:states:::eks:call"
CLUSTER = {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "https://e"}
MAPS = "/api/v1/namespaces/shop/configmaps"


async def called(played: Played, **given: Any) -> Any:
    this = replace(task("get", {**CLUSTER, **given}), resource=parse(CALL))
    await played.driver.start(REF, this, again=False)
    await asyncio.sleep(100)
    return played.signals[-1]


def test_an_answer_has_the_shape_that_aws_gives_it() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", data={"k": "v"})
        query = {"labelSelector": ["a=b"], "limit": ["5"]}
        signal = await called(played, Method="GET", Path=MAPS, QueryParameters=query)
        assert isinstance(signal, TaskSucceeded)
        assert isinstance(signal.output, dict)
        assert sorted(signal.output) == ["ResponseBody", "StatusCode", "StatusText"]
        assert (signal.output["StatusCode"], signal.output["StatusText"]) == (200, "OK")
        assert played.asked == [f"GET {MAPS}?labelSelector=a%3Db&limit=5"]
        assert {request.account for request in played.api.requests} == {"shop/clerk"}

    playing(main)


def test_what_the_api_refuses_is_told_as_aws_tells_it() -> None:
    async def main(played: Played) -> None:
        signal = await called(played, Method="GET", Path=f"{MAPS}/none")
        assert isinstance(signal, TaskFailed)
        assert signal.error == "EKS.404"
        cause = json.loads(signal.cause or "")
        assert (cause["StatusCode"], cause["StatusText"]) == (404, "Not Found")
        assert cause["ResponseBody"]["reason"] == "NotFound"

    playing(main)


def test_values_of_secrets_stay_where_they_are() -> None:
    async def main(played: Played) -> None:
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "cGFzcw=="}}
        played.server.create("secrets", "shop", body)
        signal = await called(played, Method="GET", Path="/api/v1/namespaces/shop/secrets/s")
        assert isinstance(signal, TaskSucceeded)
        assert "cGFzcw" not in json.dumps(signal.output)

    playing(main)


@pytest.mark.parametrize(("method", "fails"), [("POST", True), ("PUT", False), ("GET", False)])
def test_what_may_have_made_something_is_not_repeated(method: str, fails: bool) -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a")
        left = [Unreachable("the answer was lost", outcome_unknown=True)]

        def loses(request: Request) -> None:
            if request.method == method and left:
                raise left.pop()

        played.api.after = loses
        path = MAPS if method == "POST" else f"{MAPS}/a"
        body = {**CONFIG_MAP, "metadata": {"name": "b" if method == "POST" else "a"}}
        signal = await called(played, Method=method, Path=path, RequestBody=body)
        assert isinstance(signal, TaskFailed if fails else TaskSucceeded)
        if isinstance(signal, TaskFailed):
            assert signal.error == "EKS.SdkClientException"

    playing(main)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"Path": "/metrics"}, "Path must be a path of the API such as /api/v1/namespaces, not '/metrics'"),
        ({"Path": "/api/v1/../../x"}, "Path must be a path of the API"),
        ({"Path": "/api/v1/a?watch=1"}, "Path must be a path of the API"),
        ({"Path": "/api/v1/watch/pods"}, "Path must be a path of the API"),
        ({"Path": "/api/v1/a%2f"}, "Path must be a path of the API"),
        (
            {"Path": MAPS, "QueryParameters": {"watch": ["1"]}},
            "QueryParameters has watch: such an answer has no end",
        ),
        (
            {"Path": MAPS, "QueryParameters": {"a": "b"}},
            "QueryParameters must be an object whose values are lists",
        ),
        ({"Path": MAPS, "Method": "HEAD"}, "Method must be GET, POST, PUT, PATCH or DELETE, not 'HEAD'"),
    ],
)
def test_what_is_no_request_of_the_api_is_not_sent(given: Any, problem: str) -> None:
    async def main(played: Played) -> None:
        signal = await called(played, **{"Method": "GET", **given})
        assert isinstance(signal, TaskFailed)
        assert signal.error == "States.Runtime"
        assert problem in (signal.cause or "")
        assert played.api.requests == []

    playing(main)


def test_a_definition_is_checked() -> None:
    state: Any = {"Type": "Task", "Resource": CALL, "Parameters": {"Method": "GET", "path": "/api"}}
    found = [
        each.message
        for each in table.check_for({"serviceAccountName": "a"})(parse(CALL), state, Pointer("/S"))
    ]

    assert found == [
        f"{CALL} has no parameter 'path'; is 'Path' meant?",
        f"{CALL}: the parameter Path is missing: a path of the API such as /api/v1/namespaces",
    ]
