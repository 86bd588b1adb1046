"""What tasks read of the Kubernetes API."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.kube.api_errors import Unreachable, from_response
from tests.tasks.kubernetes.played import CONFIG_MAP, STARTED, Played, playing


def test_an_object_is_got_as_the_account_of_the_state_machine() -> None:
    async def main(played: Played) -> None:
        played.put(
            "configmaps", "prices", data={"tea": "3"}, metadata={"managedFields": [{}], "labels": {"a": "b"}}
        )
        found = await played.output("get", **CONFIG_MAP, name="prices")

        assert found["data"] == {"tea": "3"}
        assert found["metadata"]["labels"] == {"a": "b"}
        assert "managedFields" not in found["metadata"]
        assert played.signals[0] == STARTED
        assert played.asked == ["GET /api/v1/namespaces/shop/configmaps/prices"]
        assert {request.account for request in played.api.requests} == {"shop/clerk"}

    playing(main)


def test_paths_say_what_is_kept() -> None:
    async def main(played: Played) -> None:
        containers = [{"name": "a", "image": "x"}, {"name": "b"}]
        played.put(
            "pods", "p", spec={"containers": containers}, metadata={"annotations": {"a.b/c": "d", "e": "f"}}
        )
        given: Any = {"apiVersion": "v1", "kind": "Pod", "name": "p"}
        select = [
            "metadata.name",
            "spec.containers.image",
            'metadata.annotations["a.b/c"]',
            "status.phase",
            "kind.x",
        ]
        found = await played.output("get", **given, select=select)

        assert found == {
            "metadata": {"name": "p", "annotations": {"a.b/c": "d"}},
            "spec": {"containers": [{"image": "x"}, {}]},
        }

    playing(main)


def test_a_list_is_a_page_and_says_how_to_go_on() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", metadata={"labels": {"of": "x"}})
        played.put("configmaps", "b", metadata={"labels": {"of": "y"}})
        found = await played.output("list", **CONFIG_MAP, labelSelector="of=y", select=["metadata.name"])

        assert found["items"] == [{"metadata": {"name": "b"}}]
        assert played.api.requests[-1].params == {"limit": 500, "labelSelector": "of=y"}
        assert played.asked == ["GET /api/v1/namespaces/shop/configmaps"]

    playing(main)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({**CONFIG_MAP, "namespace": "other"}, "/api/v1/namespaces/other/configmaps"),
        ({**CONFIG_MAP, "allNamespaces": True}, "/api/v1/configmaps"),
        ({"apiVersion": "v1", "kind": "Namespace"}, "/api/v1/namespaces"),
        ({"apiVersion": "apps/v1", "kind": "Deployment"}, "/apis/apps/v1/namespaces/shop/deployments"),
    ],
)
def test_where_is_asked(given: dict[str, Any], path: str) -> None:
    async def main(played: Played) -> None:
        await played.output("list", **given)

        assert played.asked == [f"GET {path}"]

    playing(main)


def test_kinds_are_asked_for_once_and_again_where_one_is_not_found() -> None:
    async def main(played: Played) -> None:
        error, cause = await played.failure("get", apiVersion="v1", kind="Configmap", name="a")
        assert (error, cause) == (
            "Kubernetes.NoSuchKind",
            "The API server has no kind 'Configmap' in v1. Is ConfigMap meant?",
        )
        assert (await played.failure("get", apiVersion="v2", kind="A", name="a", ref=other(1)))[1] == (
            "The API server has no API version 'v2'."
        )
        for number in (2, 3):
            await played.failure("get", **CONFIG_MAP, name="a", ref=other(number))

        paths = [request.path for request in played.api.requests]
        assert paths[:2] == ["/api/v1", "/api/v2"]
        assert paths[2:] == ["/api/v1/namespaces/shop/configmaps/a"] * 2

    playing(main)


def other(number: int) -> ExecutionRef:
    return ExecutionRef(Uid(f"u{number}"), "shop", "e", "m", {"serviceAccountName": "clerk"})


def test_what_the_api_refuses_fails_the_task_by_its_reason() -> None:
    async def main(played: Played) -> None:
        error, cause = await played.failure("get", **CONFIG_MAP, name="none")

        assert (error, cause) == ("Kubernetes.NotFound", 'configmaps "none" not found')

    playing(main)


def test_without_an_account_nothing_is_asked() -> None:
    async def main(played: Played) -> None:
        ref = ExecutionRef(Uid("u"), "shop", "e", "m", {})
        error, cause = await played.failure("get", **CONFIG_MAP, name="a", ref=ref)

        assert error == "Kubernetes.Forbidden"
        assert "serviceAccountName" in (cause or "")
        assert played.api.requests == []

    playing(main)


def test_values_of_secrets_never_become_a_result() -> None:
    async def main(played: Played) -> None:
        played.server.create(
            "secrets",
            "shop",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "cGFzcw=="}},
        )
        one = await played.output("get", apiVersion="v1", kind="Secret", name="s", select=["data"])
        assert one == {"data": {"key": None}}

    playing(main)


def test_a_result_that_is_too_large_says_what_to_do() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", data={"long": "x" * 300_000})
        error, cause = await played.failure("get", **CONFIG_MAP, name="a")
        assert error == "States.DataLimitExceeded"
        assert "select names the paths" in (cause or "")
        played.put("configmaps", "b", data={"long": "x" * 1_200_000})
        ref = other(1)
        assert (await played.failure("get", **CONFIG_MAP, name="b", ref=ref))[0] == "States.DataLimitExceeded"
        found = await played.output("get", **CONFIG_MAP, name="b", ref=other(2), select=["metadata.name"])
        assert found == {"metadata": {"name": "b"}}

    playing(main)


def test_an_api_server_that_is_away_is_asked_until_it_is_there() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a")
        left = [Unreachable("no answer", outcome_unknown=False)] * 9

        def away(_: Any) -> None:
            if left:
                raise left.pop()

        played.api.before = away
        assert (await played.output("get", **CONFIG_MAP, name="a"))["metadata"]["name"] == "a"

    playing(main)


@pytest.mark.parametrize(
    ("status", "error"), [(429, "Kubernetes.TooManyRequests"), (401, "Kubernetes.Unauthorized")]
)
@pytest.mark.parametrize("times", [3, 1000])
def test_an_api_server_that_refuses_for_now_is_asked_a_few_times_more(
    status: int, error: str, times: int
) -> None:
    """It throttles, or does not believe the operator until that has read its new token."""

    async def main(played: Played) -> None:
        played.put("configmaps", "a")
        left = [from_response(status, b'{"message":"not now"}', write=False)] * times

        def refuse(_: Any) -> None:
            if left:
                raise left.pop()

        played.api.before = refuse
        if times == 3:
            assert (await played.output("get", **CONFIG_MAP, name="a"))["metadata"]["name"] == "a"
        else:
            assert await played.failure("get", **CONFIG_MAP, name="a") == (error, "not now")
            assert 5 < len(played.api.requests) < 12

    playing(main)


def test_an_answer_that_something_is_wrong_inside_is_believed_after_a_while() -> None:
    async def main(played: Played) -> None:
        def broken(request: Any) -> None:
            raise from_response(
                500, b'{"reason":"InternalError","message":"failed calling webhook"}', write=request.writes
            )

        played.api.before = broken
        assert await played.failure("get", **CONFIG_MAP, name="a") == (
            "Kubernetes.InternalError",
            "failed calling webhook",
        )
        assert 5 < len(played.api.requests) < 12

    playing(main)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({**CONFIG_MAP, "name": "../x"}, "name must be the name of an object, not '../x'"),
        (
            {**CONFIG_MAP, "name": "a", "namespace": "../b"},
            "namespace must be the name of a namespace, not '../b'",
        ),
        (
            {"apiVersion": "v1/../x", "kind": "A", "name": "a"},
            "apiVersion must be an API version such as v1 or apps/v1, not 'v1/../x'",
        ),
        (CONFIG_MAP, "the parameter name is missing: the name of an object"),
        ({**CONFIG_MAP, "name": "a", "fields": []}, "k8s:get has no parameter 'fields'; is 'select' meant?"),
    ],
)
def test_parameters_from_data_are_checked_before_anything_is_asked(given: Any, problem: str) -> None:
    async def main(played: Played) -> None:
        error, cause = await played.failure("get", **given)

        assert (error, cause) == ("States.Runtime", f"The parameters of k8s:get cannot be used: {problem}.")
        assert played.api.requests == []

    playing(main)
