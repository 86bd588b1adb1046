"""What GetExecutionHistory and the lists give as nextToken, and what they take."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from stepwright.api import paging
from stepwright.api.errors import ApiError
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Cursor, Page
from tests.api.services import ACCOUNT, service

DAY = 24 * 60 * 60 * 1000
OF = "machines of us-east-1"


@dataclass
class Clock:
    time: int = 1_700_000_000_000

    def now(self) -> Millis:
        return Millis(self.time)


@dataclass
class Numbers:
    """A list of numbers, as a store gives it, with the server's clock."""

    items: list[int] = field(default_factory=lambda: list(range(10)))
    clock: Clock = field(default_factory=Clock)

    async def look(self, after: Cursor | None, limit: int) -> Page[int]:
        first = 0 if after is None else int(after.removeprefix("behind ")) + 1
        rest = [item for item in self.items if item >= first]
        more = Cursor(f"behind {rest[limit - 1]}") if len(rest) > limit else None
        return Page(rest[:limit], more)

    async def page(
        self, token: str | None = None, *, of: str = OF, size: int = 4, account: str = ACCOUNT
    ) -> tuple[Any, Any]:
        request: dict[str, Any] = {"maxResults": size} | ({} if token is None else {"nextToken": token})
        here = service(clock=self.clock, caller=Caller(account))
        items, more = await paging.read(here, request, of, self.look)
        return items, more.get("nextToken")

    async def refuses(self, token: str, **asked: Any) -> bool:
        with pytest.raises(ApiError) as error:
            await self.page(token, **asked)
        return (error.value.code, error.value.message) == ("InvalidToken", "Invalid Token: 'Invalid token'")


async def test_each_page_goes_on_where_the_last_one_ended_whatever_its_size() -> None:
    numbers = Numbers()

    first, token = await numbers.page()
    second, token = await numbers.page(token, size=5)
    third, end = await numbers.page(token)

    assert (first, second, third, end) == ([0, 1, 2, 3], [4, 5, 6, 7, 8], [9], None)


async def test_a_token_goes_on_after_what_was_deleted_meanwhile() -> None:
    numbers = Numbers()
    _, token = await numbers.page()
    numbers.items.remove(3)

    items, _ = await numbers.page(token)

    assert items == [4, 5, 6, 7]


async def test_a_token_is_good_for_a_day() -> None:
    numbers = Numbers()
    _, token = await numbers.page()

    numbers.clock.time += DAY
    items, _ = await numbers.page(token)
    numbers.clock.time += 1

    assert items == [4, 5, 6, 7]
    assert await numbers.refuses(token)


async def test_a_token_of_another_list_is_refused() -> None:
    numbers = Numbers()
    _, token = await numbers.page()

    assert await numbers.refuses(token, of="machines of eu-west-1")


async def test_a_token_of_another_account_is_refused() -> None:
    numbers = Numbers()
    _, token = await numbers.page()

    assert await numbers.refuses(token, account="210987654321")


async def test_a_token_with_a_wrong_character_is_refused() -> None:
    numbers = Numbers()
    _, token = await numbers.page()
    content = base64.urlsafe_b64decode(token)

    for place, byte in enumerate(content):
        for other in b'0a"\xff':
            if byte != other:
                damaged = content[:place] + bytes([other]) + content[place + 1 :]
                assert await numbers.refuses(base64.urlsafe_b64encode(damaged).decode()), damaged


@pytest.mark.parametrize("where", ["order", 7, [1_700_000_000_000, 7]])
async def test_a_token_of_an_earlier_version_is_refused(where: object) -> None:
    token = base64.urlsafe_b64encode(json.dumps([OF, where]).encode()).decode()

    assert await Numbers().refuses(token)
