"""What tasks create with the Kubernetes API is there once, whatever happens."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import TaskId, TaskSucceeded
from stepwright.kube.api_errors import Unreachable
from stepwright.tasks.kubernetes import marks
from tests.simulation.api_server import Request
from tests.tasks.kubernetes.played import CONFIG_MAP, REF, Played, playing

LOST = Unreachable("the answer was lost", outcome_unknown=True)
MANIFEST = {**CONFIG_MAP, "metadata": {"name": "a"}, "data": {"k": "v"}}
MARK = marks.of_task(REF, TaskId(5))


def once(method: str) -> Any:
    left = [LOST]

    def fault(request: Request) -> None:
        if request.method == method and left:
            raise left.pop()

    return fault


def test_an_object_is_created_with_the_mark_of_its_task() -> None:
    async def main(played: Played) -> None:
        made = await played.output("create", manifest=MANIFEST, owned=True)

        assert made["data"] == {"k": "v"}
        assert made["metadata"]["annotations"] == {"stepwright.dev/task": MARK}
        assert made["metadata"]["ownerReferences"] == [
            {"apiVersion": "stepwright.dev/v1", "kind": "Execution", "name": REF.name, "uid": REF.uid}
        ]
        assert played.asked == ["POST /api/v1/namespaces/shop/configmaps"]

    playing(main)


def test_a_manifest_may_be_yaml() -> None:
    async def main(played: Played) -> None:
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {day: 2026-01-01}\n"
        assert (await played.output("create", manifest=text))["data"] == {"day": "2026-01-01"}

    playing(main)


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_asked_for_when_the_answer_was_lost_is_found_or_made(when: str) -> None:
    async def main(played: Played) -> None:
        setattr(played.api, when, once("POST"))
        made = await played.output("create", manifest=MANIFEST)

        assert made["metadata"]["name"] == "a"
        assert len(played.server.all("configmaps")) == 1
        assert played.asked.count("POST /api/v1/namespaces/shop/configmaps") == (2 if when == "before" else 1)

    playing(main)


def test_a_name_that_is_made_from_a_prefix_is_the_same_in_the_next_process() -> None:
    async def main(played: Played) -> None:
        manifest = {**MANIFEST, "metadata": {"generateName": "order-"}}
        first = await played.output("create", manifest=manifest)
        played.driver = played.another()
        second = await played.do("create", again=True, manifest=manifest)

        assert first["metadata"]["name"] == f"order-{MARK[:10]}"
        assert isinstance(second, TaskSucceeded)
        assert second.output == first
        assert len(played.server.all("configmaps")) == 1

    playing(main)


def test_a_request_that_lands_late_is_recognised_as_ones_own() -> None:
    async def main(played: Played) -> None:
        def lands_late(request: Request) -> None:
            if request.method == "POST":
                played.api.before = lambda _: None
                played.server.handle(request)

        played.api.before = lands_late
        made = await played.output("create", again=True, manifest=MANIFEST)
        assert made["metadata"]["annotations"][marks.TASK] == MARK

    playing(main)


@pytest.mark.parametrize("again", [False, True])
def test_what_somebody_else_has_created_is_not_taken_for_ones_own(again: bool) -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", metadata={"annotations": {marks.TASK: "another"}})

        assert await played.failure("create", again=again, manifest=MANIFEST) == (
            "Kubernetes.AlreadyExists",
            'configmaps "a" already exists',
        )

    playing(main)


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({"kind": "A", "metadata": {"name": "a"}}, "must say its apiVersion"),
        ({**CONFIG_MAP, "metadata": {}}, "must have metadata.name or metadata.generateName"),
        ({**CONFIG_MAP, "metadata": {"name": "a/b"}}, "must have a name as metadata.name"),
        ("a: [", "is not YAML, line 1: expected the node content"),
        ("a: &x 1\nb: *x", "must not have aliases, of which a short text makes a huge object"),
        ("---\na: 1\n---\nb: 1", "must hold one object, not 2"),
    ],
)
def test_a_manifest_that_does_not_do_is_not_sent(manifest: Any, problem: str) -> None:
    async def main(played: Played) -> None:
        error, cause = await played.failure("create", manifest=manifest)

        assert error == "States.Runtime"
        assert (cause or "").startswith(f"The parameters of k8s:create cannot be used: manifest {problem}")
        assert played.api.requests == []

    playing(main)


def test_an_execution_owns_nothing_beyond_its_namespace() -> None:
    async def main(played: Played) -> None:
        error, cause = await played.failure("create", manifest=MANIFEST, namespace="other", owned=True)

        assert error == "States.Runtime"
        assert "not in its namespace" in (cause or "")

    playing(main)
