"""``stepwright idle``: whether executions run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepwright.cli import application
from stepwright.cli import idle as command
from stepwright.kube.api_errors import Forbidden
from tests.kube.server import Answer, problem, says, serving


def page(count: int) -> dict[str, object]:
    items = [{"metadata": {"namespace": "shop", "name": f"e{number}"}} for number in range(count)]
    return {"metadata": {"resourceVersion": "7"}, "items": items}


def test_only_what_runs_is_asked_for_and_one_page_is_enough(tmp_path: Path) -> None:
    async def ask() -> tuple[list[str], str]:
        async with serving(tmp_path, says(200, page(2))) as (server, api):
            found = await command.some_running(api, "shop")
            return found, server.requests[0].path_qs

    found, asked = asyncio.run(ask())

    assert found == ["shop/e0", "shop/e1"]
    assert asked == (
        "/apis/stepwright.dev/v1/namespaces/shop/executions?fieldSelector=status.phase%3DRunning&limit=6"
    )


GOING = {"metadata": {"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
THERE = {"metadata": {"name": "shop"}}


@pytest.mark.parametrize("namespace", [problem(404, "NotFound"), says(200, GOING)], ids=["gone", "going"])
def test_a_namespace_that_was_deleted_with_its_role_keeps_nothing(tmp_path: Path, namespace: Answer) -> None:
    async def ask() -> list[str]:
        async with serving(tmp_path, problem(403, "Forbidden"), namespace) as (_, api):
            return await command.some_running(api, "shop")

    assert asyncio.run(ask()) == []


def test_a_namespace_that_may_not_be_read_is_not_idle(tmp_path: Path) -> None:
    async def ask() -> list[str]:
        async with serving(tmp_path, problem(403, "Forbidden"), says(200, THERE)) as (_, api):
            return await command.some_running(api, "shop")

    with pytest.raises(Forbidden):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("running", "code", "words"),
    [
        ([], 0, ""),
        (
            ["shop/a", "shop/b"],
            1,
            "Executions are running, and would stay where they are: shop/a, shop/b. Stop",
        ),
        ([f"shop/e{number}" for number in range(6)], 1, "shop/e3, shop/e4 and more. Stop them"),
    ],
)
def test_the_exit_code_says_whether_the_operator_may_go(
    monkeypatch: pytest.MonkeyPatch, running: list[str], code: int, words: str
) -> None:
    async def found(*_: object) -> list[str]:
        return running

    monkeypatch.setattr(command, "_running", found)
    done = CliRunner().invoke(application(), ["idle", "--namespace", "shop"])

    assert done.exit_code == code
    assert words in done.stderr


def test_a_cluster_that_does_not_answer_is_not_idle(tmp_path: Path) -> None:
    done = CliRunner().invoke(application(), ["idle", "--kubeconfig", str(tmp_path / "none")])

    assert done.exit_code == 1
    assert "stepwright: " in done.stderr
