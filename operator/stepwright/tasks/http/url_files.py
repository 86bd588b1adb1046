"""Files by their URLs: what an ItemReader with the Resource of HTTP tasks names, read by ranges where the server knows them.

A part is read on condition of the ETag that the file had at first (If-Match). Where ranges or a strong ETag are lacking, all of the
file is read at once, and known by a hash of its content.

Source: RFC 9110, 8.8.3 (ETag), 13.1.1 (If-Match), 14 (ranges).
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED
from stepwright.asl.json_types import Json
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.remote_files import NotRead, Part
from stepwright.tasks.http import parameters
from stepwright.tasks.http.client import Answer
from stepwright.tasks.http.parameters import BadParameters, Parameters
from stepwright.tasks.http.sending import SOCKET, Sender

LARGEST_BYTES: Final = 16 * 1024 * 1024
"""Of a file that cannot be read by ranges."""

_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_FOR_NOW: Final = frozenset({408, 425, 429})


class HttpFiles:
    """Implements ``tasks.calls.remote_files.RemoteFiles``."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def close(self) -> None:
        self._sender.close()

    async def part(self, ref: ExecutionRef, parameters: Json, first: int, end: int, tag: str | None) -> Part:
        given = _read(parameters)
        if tag is None or _is_strong(tag):
            conditions = [("Range", f"bytes={first}-{end - 1}"), *([("If-Match", tag)] if tag else [])]
            answer = await self._answer(ref, given, conditions)
            if answer.status == 416 and tag is not None:
                return Part(b"", first, tag)  # it ends just there
            if answer.status == 206 and _is_strong(answer.header("etag")):
                return _part(given, answer, first)
            if answer.status == 200:
                return _whole(answer)
        return _whole(await self._answer(ref, given, []))

    async def _answer(self, ref: ExecutionRef, given: Parameters, more: list[tuple[str, str]]) -> Answer:
        shown = f"The file {given.endpoint.partition('?')[0]}"
        try:
            answer, secrets = await self._sender.send(ref, given, more=more, most_bytes=LARGEST_BYTES)
        except CallFailed as failed:
            if failed.error == DATA_LIMIT_EXCEEDED:
                raise NotRead(
                    f"{shown} has more than {LARGEST_BYTES:,} bytes, and its server knows no ranges (RFC 9110, 14) or gives it "
                    "no strong ETag, with which it could be read in parts."
                ) from failed
            raise NotRead(f"{failed.error}: {failed.cause}", passes=failed.error == SOCKET) from failed
        status = answer.status
        if status == 412:
            raise NotRead(f"{shown} was changed while it was read.")
        if status not in (200, 206, 416):
            hint = " Redirects are not followed." if 300 <= status < 400 else ""
            raise NotRead(
                f"{shown} cannot be read: its server answers {status}.{hint}",
                passes=status >= 500 or status in _FOR_NOW,
            )
        if secrets.are_in(answer.body):
            raise NotRead(f"{shown} is not read: it has a secret of its Connection in it.")
        return answer


def _read(given: Json) -> Parameters:
    try:
        read = parameters.read(given)
    except BadParameters as bad:
        raise NotRead(f"The Parameters of the ItemReader cannot be used: {bad}.") from bad
    if read.method != "GET" or read.has_body:
        raise NotRead("An ItemReader reads a URL by the Method GET, without a RequestBody.")
    return read


def _part(given: Parameters, answer: Answer, first: int) -> Part:
    found = _RANGE.fullmatch(answer.header("content-range"))
    if found is None or int(found[1]) != first or int(found[2]) - first + 1 != len(answer.body):
        raise NotRead(
            f"The file {given.endpoint.partition('?')[0]} cannot be read: its server answers with another range."
        )
    return Part(answer.body, int(found[3]), answer.header("etag"))


def _whole(answer: Answer) -> Part:
    tag = answer.header("etag")
    if not _is_strong(tag):
        tag = hashlib.sha256(answer.body).hexdigest()
    return Part(answer.body, len(answer.body), tag, is_whole=True)


def _is_strong(tag: str) -> bool:
    return len(tag) >= 2 and tag[0] == tag[-1] == '"'
