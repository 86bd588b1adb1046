"""A page of the console as its server sees it: what browsers say with each request of their own accord, and the token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

API = "/console/api/v1/"
SECONDS = 60


class Answer(NamedTuple):
    """``headers`` by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> tuple[int, str]:
        return self.status, self.json["code"]


class Page:
    """Loaded from ``127.0.0.1``. Each request has a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.token = ""
        self.cookie: str | None = None

    async def begin(self) -> Any:
        """Ask who one is, and remember the token; what ``me`` says."""
        me = (await self.get("me")).json
        self.token = me["token"]
        return me

    async def log_in(self, **key: str) -> Answer:
        """``accessKeyId`` and ``secretAccessKey``; the session is kept, if it is one."""
        answer = await self.post("session", key)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
            await self.begin()
        return answer

    async def get(self, path: str, **headers: str | None) -> Answer:
        """``path`` below the API. Headers with underlines for hyphens; None leaves one out."""
        return await self.ask("GET", API + path, headers=headers)

    async def post(self, path: str, body: Any = None, **headers: str | None) -> Answer:
        return await self.change("POST", path, body, **headers)

    async def change(self, method: str, path: str, body: Any = None, **headers: str | None) -> Answer:
        text = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        told = {"Content-Type": "application/json", "Origin": f"http://{self.host}", **self._mine()}
        return await self.ask(
            method, API + path, text, {**told, **{name.replace("_", "-"): v for name, v in headers.items()}}
        )

    async def aws(self, operation: str, **request: Any) -> Any:
        """What an operation answers that succeeds."""
        answer = await self.post(f"aws/{operation}", request)
        assert answer.status == 200, answer
        return answer.json

    async def ask(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        async with asyncio.timeout(SECONDS):
            reader, writer = await self.send(method, target, body, headers)
            try:
                return answer_of(await reader.read())
            finally:
                writer.close()

    async def send(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str | None] | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        told: dict[str, str | None] = {
            "Host": self.host,
            "Sec-Fetch-Site": "same-origin",
            "Connection": "close",
        }
        if body:
            told["Content-Length"] = str(len(body))
        if self.cookie is not None:
            told["Cookie"] = self.cookie
        lines = [f"{name}: {value}" for name, value in {**told, **given}.items() if value is not None]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write("\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + body)
        return reader, writer

    def _mine(self) -> dict[str, str]:
        return {"X-Stepwright-Console": self.token}


def answer_of(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in pairs}, body)


def id_of(arn: str) -> str:
    """As it stands in a path."""
    return quote(arn, safe="")
