"""A console whose people log in at a provider, and a browser that follows where it is sent, for one person."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import aiohttp

from stepwright.api.regions import Regions
from stepwright.assembly.console import console
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog.callers import Caller
from stepwright.console.oidc.login import OidcLogin
from stepwright.console.oidc.provider import Provider
from stepwright.console.oidc.settings import OidcSettings
from stepwright.console.seal import Seal
from stepwright.console.sealed_sessions import Person, SealedSessions
from stepwright.engine.clock import SystemClock
from stepwright.engine.reports import Reports
from stepwright.http import listening
from stepwright.http.messages import Request, Response, Stream
from stepwright.http.names import Names
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases
from tests.catalog.stores import PLACE
from tests.console.pages import API, Page

KEYS: Final = (os.urandom(32), os.urandom(32))


async def _holder(request: Request, token: str) -> Person | None:  # noqa: ARG001
    return Person("system:serviceaccount:shop:clerk") if token == "clerks-token" else None


async def _nothing(request: Request) -> Response | Stream:  # noqa: ARG001
    return Response(404, b"", {})


@asynccontextmanager
async def serving(folder: Path, settings: OidcSettings, port: int = 0) -> AsyncIterator[int]:
    """On this port, or one that the system chooses."""
    database = await Database.open(folder)
    clock, reports = SystemClock(), Reports()
    embedded = Embedded(database, clock, (), reports, MockTestCases(SqlTestCases(database), None))
    service = embedded.service(
        activity_driver(database, reports), PLACE, new_id=lambda: str(uuid.uuid4()), chance=lambda: 0.5
    )
    seal = Seal(KEYS)
    sessions = SealedSessions(
        "oidc", seal, clock, lambda person: Caller(PLACE.account, access_key=person.name), _holder
    )
    login = OidcLogin(settings, Provider(settings), sessions, seal, clock)
    regions, names = Regions(PLACE.region, fixed=False), Names.of()
    face = console(service, embedded, regions, names, None, "dev", sessions=sessions, login=login)
    web, bound = await listening.start(face.before(_nothing), ["127.0.0.1"], port)
    try:
        yield bound
    finally:
        await web.cleanup()
        await embedded.machines.deletions.close()
        await database.close()


class Browser:
    """Its cookies of the console are those of a page; those of the provider are its own."""

    def __init__(self, port: int) -> None:
        self.page = Page(port)
        self.cookies: dict[str, str] = {}
        self._home = f"http://127.0.0.1:{port}"

    async def open(self, target: str) -> Any:
        """A link or a redirect: the answer of the console."""
        self.page.cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None
        navigation = {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        }
        answer = await self.page.ask("GET", target, headers=navigation)
        if (given := answer.headers.get("set-cookie")) is not None:
            name, _, value = given.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer

    async def go(self, next: str | None = None) -> str:
        """Begin to log in: the provider's address."""
        query = "" if next is None else f"?{urlencode({'next': next})}"
        answer = await self.open(f"{API}oidc/login{query}")
        assert answer.status == 303, answer
        address: str = answer.headers["location"]
        return address

    async def at_provider(self, address: str, name: str) -> str:
        """Log in there and agree: where one is sent back to, below the console's address."""
        return (await at_provider(address, name, self._home)).removeprefix(self._home)

    async def log_in(self, name: str, next: str | None = None) -> Any:
        """What the console answers in the end."""
        return await self.open(await self.at_provider(await self.go(next), name))

    async def me(self) -> Any:
        self.page.cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None
        return await self.page.begin()


async def at_provider(address: str, name: str, home: str) -> str:
    """Log in there and agree: where one is sent back to, which begins with ``home``."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        form: dict[str, str] | None = None
        async with asyncio.timeout(60):
            while not address.startswith(home):
                ask = session.get if form is None else session.post
                async with ask(address, data=form, allow_redirects=False) as answer:
                    text = await answer.text()
                    assert answer.status in (200, 303), text
                    if answer.status == 303:
                        address, form = urljoin(address, answer.headers["Location"]), None
                    else:  # a form, which is sent to where it came from
                        prompt = "login" if 'name="login"' in text else "consent"
                        form = {"prompt": prompt, "login": name, "password": "any"}
    return address


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
