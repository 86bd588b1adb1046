"""Whose a token is: asked once, remembered for a while, and never for another audience."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from stepwright.catalog.callers import User
from stepwright.cluster import tokens
from stepwright.cluster.tokens import Tokens
from stepwright.engine.ports import Unavailable
from tests.kube.server import problem, says, serving

DANA = {"username": "system:serviceaccount:shop:dana", "uid": "1", "groups": ["system:authenticated"]}
USER = User("system:serviceaccount:shop:dana", "1", ("system:authenticated",))


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def known(*audiences: str) -> Any:
    return says(201, {"status": {"authenticated": True, "user": DANA, "audiences": audiences}})


NOBODY = says(201, {"status": {"authenticated": False}})


async def test_a_token_is_asked_about_once_in_a_minute(tmp_path: Path) -> None:
    time = Time()
    async with serving(tmp_path, known("stepwright")) as (server, api):
        held = Tokens(api, ("stepwright",), time, time)
        assert not held.remembers("t")
        assert await asyncio.gather(*[held.user("t") for _ in range(20)]) == [USER] * 20
        assert held.remembers("t")
        assert len(server.requests) == 1
        assert json.loads(server.bodies[0])["spec"] == {"token": "t", "audiences": ["stepwright"]}
        time.now += tokens.KNOWN_SECONDS
        assert await held.user("t") == USER
        assert len(server.requests) == 2


async def test_a_token_counts_no_longer_than_it_says_itself(tmp_path: Path) -> None:
    time = Time()
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.now + 5}).encode()).decode().rstrip("=")
    async with serving(tmp_path, known("stepwright"), NOBODY) as (server, api):
        held = Tokens(api, ("stepwright",), time, time)
        token = f"head.{claims}.seal"
        assert await held.user(token) == USER
        time.now += 6
        assert await held.user(token) is None
        assert len(server.requests) == 2


@pytest.mark.parametrize("audiences", [(), ("https://kubernetes.default.svc",)])
async def test_a_token_for_somebody_else_is_nobodys(tmp_path: Path, audiences: tuple[str, ...]) -> None:
    async with serving(tmp_path, known(*audiences)) as (_, api):
        assert await Tokens(api, ("stepwright",)).user("t") is None


async def test_what_is_nobodys_is_remembered_briefly_and_a_failure_not_at_all(tmp_path: Path) -> None:
    time = Time()
    async with serving(tmp_path, problem(500, "InternalError"), NOBODY, known("stepwright")) as (server, api):
        held = Tokens(api, ("stepwright",), time, time)
        with pytest.raises(Unavailable):
            await held.user("t")
        assert await held.user("t") is None
        assert await held.user("t") is None
        assert len(server.requests) == 2
        time.now += tokens.UNKNOWN_SECONDS
        assert await held.user("t") == USER
        assert await held.user("x" * (tokens.LONGEST_TOKEN + 1)) is None
        assert len(server.requests) == 3


async def test_who_shows_a_token_again_after_its_minute_is_not_new(tmp_path: Path) -> None:
    """So they do not wait behind those who try tokens that are nobody's."""
    time = Time()
    async with serving(tmp_path, known("stepwright"), NOBODY) as (_, api):
        held = Tokens(api, ("stepwright",), time, time)
        await held.user("t")
        time.now += tokens.KNOWN_SECONDS
        assert held.remembers("t")
        assert await held.user("t") is None
        time.now += tokens.UNKNOWN_SECONDS
        assert not held.remembers("t")


async def test_what_no_token_is_made_of_is_nobodys(tmp_path: Path) -> None:
    async with serving(tmp_path, known("stepwright")) as (server, api):
        for token in ("\udcff", "t\u00e9"):  # as headers are read
            assert await Tokens(api, ("stepwright",)).user(token) is None
        assert server.requests == []


async def test_so_many_are_remembered_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_REMEMBERED", 3)
    async with serving(tmp_path, known("stepwright")) as (_, api):
        held = Tokens(api, ("stepwright",))
        for number in range(5):
            await held.user(f"t{number}")
        assert [held.remembers(f"t{number}") for number in range(5)] == [False, False, True, True, True]
