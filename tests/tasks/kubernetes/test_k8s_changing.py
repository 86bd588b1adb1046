"""What tasks change and delete with the Kubernetes API, through lost answers too."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.asl.signals import TaskId
from stepwright.kube.api_errors import Unreachable
from stepwright.tasks.kubernetes import marks
from tests.simulation.api_server import Request
from tests.tasks.kubernetes.played import CONFIG_MAP, REF, Played, playing

LOST = Unreachable("the answer was lost", outcome_unknown=True)
MARK = marks.of_task(REF, TaskId(5))
ONE: dict[str, Any] = {**CONFIG_MAP, "name": "a"}


def once(method: str, error: Exception = LOST) -> Any:
    left = [error]

    def fault(request: Request) -> None:
        if request.method == method and left:
            raise left.pop()

    return fault


def stored(played: Played, name: str = "a", plural: str = "configmaps") -> Any:
    return played.server.get(plural, "shop", name)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("there", [False, True])
def test_what_is_applied_is_there_once(when: str, there: bool) -> None:
    async def main(played: Played) -> None:
        if there:
            played.put("configmaps", "a", data={"old": "1"})
        setattr(played.api, when, once("PATCH"))
        manifest = {**CONFIG_MAP, "metadata": {"name": "a"}, "data": {"k": "v"}}
        applied = await played.output("apply", manifest=manifest, force=True)

        assert applied["data"]["k"] == "v"
        assert played.api.requests[-1].params == {"fieldManager": "stepwright", "force": True}
        assert stored(played)["data"] == applied["data"]

    playing(main)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_merge_patch_leaves_the_tasks_mark_and_is_made_once(when: str) -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", data={"k": "old", "other": "x"})
        setattr(played.api, when, once("PATCH"))
        changed = await played.output("patch", **ONE, patch={"data": {"k": "v"}})

        assert changed["data"] == {"k": "v", "other": "x"}
        assert changed["metadata"]["annotations"] == {marks.TASK: MARK}
        patches = [request for request in played.asked if request.startswith("PATCH")]
        assert len(patches) == (2 if when == "before" else 1)

    playing(main)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("annotations", [None, {"a": "b"}])
def test_a_json_patch_that_appends_appends_once(when: str, annotations: Any) -> None:
    async def main(played: Played) -> None:
        metadata = {} if annotations is None else {"annotations": annotations}
        played.put("configmaps", "a", items=[1], metadata=metadata)
        setattr(played.api, when, once("PATCH"))
        append = [{"op": "add", "path": "/items/-", "value": 2}]
        changed = await played.output("patch", **ONE, type="json", patch=append)

        assert changed["items"] == [1, 2]
        assert changed["metadata"]["annotations"] == {**(annotations or {}), marks.TASKS: MARK}

    playing(main)


@pytest.mark.parametrize("others", [1, marks.KEPT])
def test_a_json_patch_is_known_as_made_though_other_tasks_have_patched_since(others: int) -> None:
    async def main(played: Played) -> None:
        marked = {"annotations": {marks.TASKS: " ".join([*(f"other-{n}" for n in range(others)), MARK])}}
        played.put("configmaps", "a", items=[2], metadata=marked)
        append = [{"op": "add", "path": "/items/-", "value": 2}]
        changed = await played.output("patch", **ONE, type="json", patch=append)

        assert changed["items"] == [2]

    playing(main)


def test_marks_of_tasks_do_not_grow_without_end() -> None:
    async def main(played: Played) -> None:
        marked = {"annotations": {marks.TASKS: " ".join(f"other-{n}" for n in range(marks.KEPT + 1))}}
        played.put("configmaps", "a", items=[], metadata=marked)
        append = [{"op": "add", "path": "/items/-", "value": 2}]
        changed = await played.output("patch", **ONE, type="json", patch=append)
        kept = changed["metadata"]["annotations"][marks.TASKS].split()

        assert kept == [MARK, *(f"other-{n}" for n in range(marks.KEPT))]

    playing(main)


def test_a_json_patch_that_lands_late_does_not_append_again() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", items=[])
        late: list[Request] = []

        def loses(request: Request) -> None:
            if request.method == "PATCH" and not late:
                late.append(request)
                raise LOST

        played.api.before = loses
        append = [{"op": "add", "path": "/items/-", "value": 2}]
        await played.output("patch", **ONE, type="json", patch=append)
        with pytest.raises(Exception, match="resourceVersion"):
            played.server.handle(late[0])

        assert stored(played)["items"] == [2]

    playing(main)


def test_a_json_patch_is_made_again_where_somebody_else_was_faster() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", items=[])
        changes = [1, 2]

        def meddles(request: Request) -> None:
            if request.method == "PATCH" and changes:
                body = played.server.edited(("configmaps", "shop", "a"))
                assert body is not None
                body["other"] = changes.pop()
                played.server.change(("configmaps", "shop", "a"), body)

        played.api.before = meddles
        append = [{"op": "add", "path": "/items/-", "value": 2}]
        changed = await played.output("patch", **ONE, type="json", patch=append)

        assert (changed["items"], changed["other"]) == ([2], 1)

    playing(main)


def test_a_patch_of_what_is_not_there_fails() -> None:
    async def main(played: Played) -> None:
        assert (await played.failure("patch", **ONE, patch={}))[0] == "Kubernetes.NotFound"

    playing(main)


def test_replicas_are_set_by_the_subresource_for_them() -> None:
    async def main(played: Played) -> None:
        played.put("deployments", "web", spec={"replicas": 1})
        await played.output("scale", apiVersion="apps/v1", kind="Deployment", name="web", replicas=3)

        assert stored(played, "web", "deployments")["spec"] == {"replicas": 3}
        assert played.asked == ["PATCH /apis/apps/v1/namespaces/shop/deployments/web/scale"]

    playing(main)


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_deleted_when_the_answer_was_lost_is_deleted(when: str) -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a")
        setattr(played.api, when, once("DELETE"))

        assert await played.output("delete", **ONE) == {}
        assert stored(played) is None

    playing(main)


def test_what_is_not_there_cannot_be_deleted_unless_that_is_fine() -> None:
    async def main(played: Played) -> None:
        assert (await played.failure("delete", **ONE))[0] == "Kubernetes.NotFound"

    async def fine(played: Played) -> None:
        assert await played.output("delete", **ONE, missingIsFine=True) == {}

    playing(main)
    playing(fine)


def test_a_repeat_leaves_alone_what_has_come_since() -> None:
    """As a StatefulSet makes a pod again that was deleted."""

    async def main(played: Played) -> None:
        def comes_again(request: Request) -> None:
            if request.method == "DELETE":
                played.api.after = lambda _: None
                played.server.later(20, played.put, "configmaps", "a")
                raise Unreachable("the process is gone", outcome_unknown=True)

        played.put("configmaps", "a")
        played.api.after = comes_again
        await played.do("delete", seconds=0.02, **ONE)
        played.driver.let_go(REF.uid)
        await asyncio.sleep(60)
        assert stored(played) is not None
        played.driver = played.another()

        assert (await played.do("delete", again=True, **ONE)).output == {}  # type: ignore[union-attr]
        assert stored(played) is not None

    playing(main)


def test_all_that_a_selector_selects_is_deleted() -> None:
    async def main(played: Played) -> None:
        played.put("configmaps", "a", metadata={"labels": {"of": "x"}})
        played.put("configmaps", "b", metadata={"labels": {"of": "y"}})
        await played.output("delete", **CONFIG_MAP, labelSelector="of=x")

        assert [each["metadata"]["name"] for each in played.server.all("configmaps")] == ["b"]

    playing(main)


def test_the_log_of_a_pod_is_a_text_or_what_it_says_in_json() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p", spec={"containers": [{"name": "main"}]})
        played.server.logs["shop", "p"] = b'{"a": 1}\n'
        assert await played.output("logs", pod="p", container="main", tailLines=5) == '{"a": 1}\n'
        assert played.api.requests[-1].params == {"container": "main", "tailLines": 5, "limitBytes": 262_145}
        played.driver = played.another()
        assert await played.output("logs", pod="p", parse=True) == {"a": 1}

    playing(main)


def test_the_logs_of_a_job_have_the_shape_that_aws_has() -> None:
    async def main(played: Played) -> None:
        for name in ("p1", "p2"):
            labels = {"batch.kubernetes.io/job-name": "j"}
            played.put("pods", name, spec={"containers": [{"name": "main"}]}, metadata={"labels": labels})
            played.server.logs["shop", name] = name.encode()
        assert await played.output("logs", job="j") == {
            "pods": {name: {"containers": {"main": {"log": name}}} for name in ("p1", "p2")}
        }

    playing(main)


def test_a_log_that_is_too_long_is_not_cut_off_in_silence() -> None:
    async def main(played: Played) -> None:
        played.put("pods", "p", spec={"containers": [{"name": "main"}]})
        played.server.logs["shop", "p"] = b"x" * 300_000
        error, cause = await played.failure("logs", pod="p")
        assert error == "States.DataLimitExceeded"
        assert "tailLines" in (cause or "")

    playing(main)
