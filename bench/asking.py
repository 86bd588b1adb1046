"""Somebody who has logged in to ``stepwright server``, and what that one's requests take."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Any, Final, NamedTuple, Self

import aiohttp
import msgspec

from bench.process import usage
from tests.processes.server import ServerProcess

PACE_SECONDS: Final = 0.01
"""Between two requests: a caller has 200 a second."""


class Took(NamedTuple):
    """Milliseconds: as the client has seen it, and of the server's processor for each."""

    median: float
    p95: float
    processor: float

    @classmethod
    def of(cls, seconds: Sequence[float], processor_seconds: float) -> Self:
        """``processor_seconds``: of all together."""
        each = 1000 * processor_seconds / len(seconds)
        return cls(1000 * median(seconds), 1000 * p95(seconds), each)


async def took(
    server: ServerProcess,
    act: Callable[[], Awaitable[object]],
    times: int,
    pace_seconds: float = PACE_SECONDS,
) -> Took:
    seconds = []
    before = usage(server.pid).cpu_seconds
    for _ in range(times):
        began = time.perf_counter()
        await act()
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(pace_seconds)
    return Took.of(seconds, usage(server.pid).cpu_seconds - before)


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


class Person:
    """``token``: that the console and the API take."""

    def __init__(self, server: ServerProcess, token: str, session: aiohttp.ClientSession) -> None:
        self._url = server.url
        self._token = token
        self._session = session
        self._headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}

    @classmethod
    @asynccontextmanager
    async def logged_in(cls, server: ServerProcess, token: str) -> AsyncIterator[Self]:
        trusted = ssl.create_default_context(cafile=str(server.certificate))
        connector = aiohttp.TCPConnector(ssl=trusted)
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(60)
        ) as session:
            person = cls(server, token, session)
            await person._log_in()
            yield person

    async def page(self, path: str) -> Any:
        """What the console's API answers."""
        async with self._session.get(self._address(path), headers=self._headers) as answer:
            return await _answer(answer)

    async def aws(self, operation: str, **given: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "X-Amz-Target": f"AWSStepFunctions.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
        }
        body = msgspec.json.encode(given)
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            return await _answer(answer)

    @asynccontextmanager
    async def follows(self, watch: str) -> AsyncIterator[AsyncGenerator[tuple[str, Any], None]]:
        """The events of a stream, from the first one on: the name of each, and what it says."""
        url = self._address("stream")
        patient = aiohttp.ClientTimeout(total=None)
        async with self._session.get(
            url, params={"watch": watch}, headers=self._headers, timeout=patient
        ) as answer:
            if answer.status != 200:
                await _answer(answer)
            yield _events(answer)

    async def _log_in(self) -> None:
        await self._prove()
        body = msgspec.json.encode({"token": self._token})
        headers = {**self._headers, "Content-Type": "application/json"}
        async with self._session.post(self._address("session"), data=body, headers=headers) as answer:
            await _answer(answer)
            self._headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        await self._prove()

    async def _prove(self) -> None:
        """Changes and streams want a word that only pages of the server can read."""
        async with self._session.get(self._address("me"), headers=self._headers) as answer:
            self._headers["X-Stepwright-Console"] = (await _answer(answer))["token"]
            if "Set-Cookie" in answer.headers:
                self._headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]

    def _address(self, path: str) -> str:
        return f"{self._url}/console/api/v1/{path}"


async def _answer(answer: aiohttp.ClientResponse) -> Any:
    text = await answer.read()
    if answer.status >= 300:
        raise SystemExit(f"{answer.url}: {answer.status}: {text.decode(errors='replace')[:500]}")
    return msgspec.json.decode(text) if text else None


async def _events(answer: aiohttp.ClientResponse) -> AsyncGenerator[tuple[str, Any], None]:
    name = ""
    async for line in answer.content:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, msgspec.json.decode(value)
