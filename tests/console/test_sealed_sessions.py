"""Sessions that only browsers keep: how long they last, who can open them, what does not fit."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest
from msgspec import Struct

from stepwright.catalog.callers import Caller
from stepwright.console.seal import KEY_BYTES, Seal
from stepwright.console.sealed_sessions import RENEWED_AFTER_MINUTES, Person, SealedSessions
from stepwright.console.sessions import IDLE_MINUTES, LIFETIME_MINUTES
from stepwright.http.messages import Refused, Request
from tests.console.test_console_sessions import Clock, request

KEY = os.urandom(KEY_BYTES)
ANA = Person("oidc:ana", groups=("oidc:buyers",))


def of(clock: Clock, *keys: bytes) -> SealedSessions:
    async def nobody(request: Request, token: str) -> Person | None:  # noqa: ARG001
        return None

    seal = Seal(keys or (KEY,))
    return SealedSessions("oidc", seal, clock, lambda person: Caller("1", access_key=person.name), nobody)


def with_cookie(given: str | None) -> Request:
    assert given is not None
    return request(given.partition(";")[0])


def names(sessions: Iterable[SealedSessions], mine: Request) -> list[str | None]:
    return [each.of(mine).person for each in sessions]


def test_every_replica_knows_a_session_and_its_token() -> None:
    clock = Clock()
    one, other = of(clock), of(clock)
    mine = with_cookie(one.begun(request(""), ANA))

    assert names((one, other), mine) == ["oidc:ana", "oidc:ana"]
    assert one.of(mine).token == other.of(mine).token
    assert len(one.of(mine).token) > 20
    assert one.of(request("")).token == other.of(request("")).token
    assert "ana" not in mine.headers["cookie"]


def test_a_session_that_is_used_goes_on_until_its_lifetime_is_over() -> None:
    clock = Clock()
    sessions = of(clock)
    mine = with_cookie(sessions.begun(request(""), ANA))
    token = sessions.of(mine).token
    for clock.minutes in range(0, LIFETIME_MINUTES + 1, RENEWED_AFTER_MINUTES + 1):
        assert sessions.of(mine).token == token
        renewed = sessions.renewed(mine)
        assert (renewed is None) == (clock.minutes == 0)
        mine = mine if renewed is None else with_cookie(renewed)
    session = sessions.of(mine)
    clock.minutes = LIFETIME_MINUTES + 1
    assert sessions.of(mine).person is None
    assert sessions.renewed(mine) is None
    assert not sessions.lives(session)


def test_a_session_that_is_not_used_ends() -> None:
    clock = Clock()
    sessions = of(clock)
    mine = with_cookie(sessions.begun(request(""), ANA))
    session = sessions.of(mine)
    clock.minutes = IDLE_MINUTES
    assert sessions.of(mine).person == "oidc:ana"
    assert sessions.lives(session)
    clock.minutes = IDLE_MINUTES + RENEWED_AFTER_MINUTES + 1
    assert sessions.of(mine).person is None
    assert not sessions.lives(session)
    assert not sessions.lives(sessions.of(mine))


def test_whoever_logs_out_or_in_again_ends_the_session_there_was() -> None:
    clock = Clock()
    sessions = of(clock)
    first = with_cookie(sessions.begun(request(""), ANA))
    session = sessions.of(first)
    second = with_cookie(sessions.begun(first, ANA))
    assert names([sessions], first) == [None]
    assert not sessions.lives(session)
    assert "Max-Age=0" in sessions.end(second)
    assert names([sessions], second) == [None]
    assert sessions.renewed(second) is None


def test_while_a_key_is_changed_both_open_and_the_new_one_seals() -> None:
    clock, new = Clock(), os.urandom(KEY_BYTES)
    old, both, only_new = of(clock, KEY), of(clock, new, KEY), of(clock, new)
    mine = with_cookie(old.begun(request(""), ANA))
    assert names((old, both, only_new), mine) == ["oidc:ana", "oidc:ana", None]
    clock.minutes = RENEWED_AFTER_MINUTES + 1
    mine = with_cookie(both.renewed(mine))
    assert names((old, both, only_new), mine) == [None, "oidc:ana", "oidc:ana"]


def test_more_groups_than_a_cookie_holds_are_refused_with_what_to_do() -> None:
    many = Person("oidc:ana", groups=tuple(f"oidc:group-{number:04}" for number in range(180)))
    sessions = of(Clock())
    with pytest.raises(Refused) as refused:
        sessions.begun(request(""), many)
    assert (refused.value.code, refused.value.status) == ("TooManyGroups", 403)
    assert "180 groups do not fit" in refused.value.message


def test_what_another_version_has_sealed_is_nothing() -> None:
    class Newer(Struct):
        name: str
        more: int

    seal = Seal([KEY])
    assert seal.open("session", seal.close("session", ANA), Newer) is None


@pytest.mark.parametrize("keys", [(), (b"short",), (KEY, b"")])
def test_a_key_that_is_none_is_refused(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Seal(keys)
