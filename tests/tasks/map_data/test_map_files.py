"""What ItemReaders read from files: by their URLs, and of a folder of this machine."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stepwright.asl.resource import ITEM_READER
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.host_names import HostNames
from stepwright.tasks.calls.integration import Call, CallFailed, RefusedForNow
from stepwright.tasks.http import url_files
from stepwright.tasks.http.client import Client
from stepwright.tasks.http.sending import Sender
from stepwright.tasks.http.url_files import HttpFiles
from stepwright.tasks.map_data import files
from stepwright.tasks.map_data.integration import MapData
from tests.tasks.http.calling import REF, Kept, secret
from tests.tasks.start_tasks import start_task

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
LINES = {"InputType": "JSONL"}
ROWS = "n,t\n" + "".join(f'{n},"a\n{n}"\n' for n in range(11))


class NoServices:
    """Implements ``tasks.calls.services.Services``: nothing here is in S3."""

    async def use(self, *_: object) -> Any:
        raise AssertionError

    def identity(self, *_: object) -> str:
        raise AssertionError

    async def close(self) -> None:
        pass


@dataclass
class Server:
    """Files by HTTP. ``ranges`` and ``tags``: whether it knows them."""

    content: dict[str, bytes]
    ranges: bool = True
    tags: bool = True
    status: int = 0
    version: int = 1
    port: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.headers))
        if self.status:
            return web.Response(status=self.status, headers={"Location": "/elsewhere"})
        body = self.content[request.path.lstrip("/")]
        if body == b"echo":
            body = json.dumps([request.headers["Authorization"]]).encode()
        tag = f'"{self.version}"'
        headers = {"ETag": tag} if self.tags else {}
        if request.headers.get("If-Match", tag) != tag:
            return web.Response(status=412)
        if not self.ranges or "Range" not in request.headers:
            return web.Response(body=body, headers=headers)
        first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        if first >= len(body):
            return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
        part = body[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(body)}"
        return web.Response(status=206, body=part, headers=headers)


@asynccontextmanager
async def serving(**content: bytes) -> AsyncIterator[Server]:
    server, app = Server({name.replace("_", "."): body for name, body in content.items()}), web.Application()
    app.router.add_get("/{name:.*}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@dataclass
class Reader:
    """One ItemReader, as its Map asks for it."""

    integration: MapData
    wanted: dict[str, Any]
    ref: ExecutionRef = REF

    async def answer(self, **more: Any) -> Any:
        call = Call(self.ref, start_task(ITEM_READER, {**self.wanted, **more}))
        return (await self.integration.begin(call)).value

    async def items(self) -> Any:
        """All of them at once."""
        return (await self.answer())["items"]

    async def windows(self, meanwhile: Callable[[], None] = lambda: None) -> list[Any]:
        """All of them, window by window, as a Map of many items reads them."""
        found: list[Any] = []
        after: Any = None
        while True:
            answer = await self.answer(Window={"Pieces": 2, "Items": 3, "Step": 1, "After": after})
            for each in answer["pieces"]:
                items = each["piece"].get("items")
                if items is None:
                    items = (await self.answer(Piece=each["piece"]))["items"]
                assert len(items) == each["count"]
                found += items
            after = json.loads(json.dumps(answer["after"]))  # as it is stored in between
            if after is None:
                return found
            meanwhile()

    async def failure(self) -> str:
        with pytest.raises(CallFailed) as failed:
            await self.items()
        assert failed.value.error == "States.ItemReaderFailed"
        return failed.value.cause


@asynccontextmanager
async def reading(
    resource: str,
    parameters: dict[str, Any],
    config: dict[str, Any],
    *,
    kept: Kept | None = None,
    client: Client | None = None,
    folder: Path | None = None,
) -> AsyncIterator[Reader]:
    urls = HttpFiles(Sender(kept or Kept({}), SystemClock(), loopback=True, client=client))
    integration = MapData(NoServices(), urls, folder)
    try:
        yield Reader(integration, {"Resource": resource, "Parameters": parameters, "ReaderConfig": config})
    finally:
        await integration.close()


def of_url(
    server: Server, name: str, config: dict[str, Any], client: Client | None = None, **http: Any
) -> Any:
    parameters = {
        "ApiEndpoint": server.url(name),
        "Method": "GET",
        "InvocationConfig": {"ConnectionArn": "shop"},
    }
    kept = Kept({"http": {"allow": [server.url("")], **http}})
    return reading("arn:aws:states:::http:invoke", parameters, config, kept=kept, client=client)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every file has several pieces."""
    monkeypatch.setattr(files, "PIECE_BYTES", 16)


@pytest.mark.parametrize("tags", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("name", "config", "count"),
    [
        ("rows.csv", CSV, 11),
        ("some.jsonl", LINES, 11),
        ("all.json", {"ItemsPointer": "/all"}, 11),
        ("rows.csv.gz", CSV, 11),
    ],
)
async def test_a_file_is_read_by_its_url_whatever_its_server_knows(
    name: str, config: dict[str, Any], count: int, ranges: bool, tags: bool
) -> None:
    content = {
        "rows_csv": ROWS.encode(),
        "rows_csv_gz": gzip.compress(ROWS.encode()),
        "some_jsonl": b"".join(b'{"n": %d}\n' % n for n in range(11)),
        "all_json": json.dumps({"x": [1], "all": list(range(11))}).encode(),
    }
    async with serving(**content) as server, of_url(server, name, config) as reader:
        server.ranges, server.tags = ranges, tags
        items = await reader.items()

        assert len(items) == count
        assert await reader.windows() == items


async def test_a_piece_is_asked_for_by_its_bytes_on_condition_of_the_tag() -> None:
    async with serving(rows_csv=ROWS.encode()) as server, of_url(server, "rows.csv", CSV) as reader:
        await reader.windows()

        assert server.asked[-1]["If-Match"] == '"1"'
        assert {len(part["Range"]) > len("bytes=") for part in server.asked} == {True}


@pytest.mark.parametrize("tags", [True, False])
async def test_a_file_that_is_changed_while_a_map_reads_it_fails_the_map(tags: bool) -> None:
    rows = "n\n" + "1\n" * 30
    async with serving(rows_csv=rows.encode()) as server, of_url(server, "rows.csv", CSV) as reader:
        server.tags = tags

        def change() -> None:
            server.version = 2
            server.content["rows.csv"] = rows.replace("1", "2").encode()

        with pytest.raises(CallFailed) as failed:
            await reader.windows(change)
        assert failed.value.cause == f"The file {server.url('rows.csv')} was changed while it was read."


async def test_an_empty_file_has_no_items() -> None:
    async with serving(none_jsonl=b"") as server, of_url(server, "none.jsonl", LINES) as reader:
        assert await reader.items() == []
        assert await reader.answer(Window={"Pieces": 2, "Items": 3}) == {"items": []}


@pytest.mark.parametrize(
    ("status", "cause"),
    [(404, "its server answers 404."), (302, "its server answers 302. Redirects are not followed.")],
)
async def test_what_a_server_refuses_fails_the_map(status: int, cause: str) -> None:
    async with serving() as server, of_url(server, "a.json", {}) as reader:
        server.status = status
        assert await reader.failure() == f"The file {server.url('a.json')} cannot be read: {cause}"


@pytest.mark.parametrize("status", [429, 503])
async def test_what_may_pass_is_tried_again(status: int) -> None:
    async with serving() as server, of_url(server, "a.json", {}) as reader:
        server.status = status
        with pytest.raises(RefusedForNow):
            await reader.items()


async def test_only_what_the_connection_allows_is_read() -> None:
    async with serving(a_json=b"[1]") as server, of_url(server, "a.json", {}) as reader:
        reader.wanted["Parameters"]["ApiEndpoint"] = "http://169.254.169.254/latest/meta-data"
        assert (
            "169.254.169.254/latest/meta-data is not allowed: the Connection allows" in await reader.failure()
        )


async def test_a_name_that_leads_to_the_machine_itself_is_not_connected_to() -> None:
    inner = Client(HostNames(lambda _host, _port: [ip_address("127.0.0.1")]))
    async with (
        serving(a_json=b"[1]") as server,
        of_url(server, "a.json", {}, inner, allow=["http://inner.test/"]) as reader,
    ):
        reader.wanted["Parameters"]["ApiEndpoint"] = "http://inner.test/a.json"
        assert "may not be connected to at 127.0.0.1" in await reader.failure()


async def test_a_secret_that_comes_back_is_no_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    async with (
        serving(a_json=b"echo") as server,
        of_url(server, "a.json", {}, auth={"bearer": {"tokenFrom": secret("password")}}) as reader,
    ):
        assert "has a secret of its Connection in it" in await reader.failure()


async def test_a_large_file_without_ranges_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_files, "LARGEST_BYTES", 10)
    async with serving(rows_csv=ROWS.encode()) as server, of_url(server, "rows.csv", CSV) as reader:
        server.ranges = False
        assert "its server knows no ranges" in await reader.failure()


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "below/rows.csv"])
async def test_a_file_of_the_folder_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "below").mkdir()
    content = gzip.compress(ROWS.encode()) if name.endswith(".gz") else ROWS.encode()
    (tmp_path / name).write_bytes(content)

    async with reading("file:read", {"Path": name}, CSV, folder=tmp_path) as reader:
        items = await reader.items()
        assert items == [{"n": str(n), "t": f"a\n{n}"} for n in range(11)]
        assert await reader.windows() == items


async def test_a_local_file_that_is_changed_while_a_map_reads_it_fails_the_map(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS)
    async with reading("file:read", {"Path": "rows.csv"}, CSV, folder=tmp_path) as reader:

        def change() -> None:
            file.write_text(ROWS + "1,2\n")

        with pytest.raises(CallFailed) as failed:
            await reader.windows(change)
        assert failed.value.cause == "The file rows.csv was changed while it was read."


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "link", "below/../../secret"])
async def test_nothing_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (tmp_path / "secret").write_text("[1]")
    (folder / "link").symlink_to(tmp_path / "secret")

    async with reading("file:read", {"Path": path}, {}, folder=folder) as reader:
        assert await reader.failure() == f"The file {path} is not below the folder that --files names."


@pytest.mark.parametrize(
    ("path", "cause"), [("missing", "No such file or directory"), (".", "Is a directory")]
)
async def test_what_is_no_file_is_not_read(tmp_path: Path, path: str, cause: str) -> None:
    async with reading("file:read", {"Path": path}, {}, folder=tmp_path) as reader:
        assert await reader.failure() == f"The file {path} cannot be read: {cause}."


async def test_without_a_folder_no_file_is_read() -> None:
    async with reading("file:read", {"Path": "a"}, {}) as reader:
        assert "which --files names" in await reader.failure()


async def test_what_nobody_reads_by_fails_the_map() -> None:
    async with reading("arn:aws:states:::s3:headObject", {"Bucket": "b"}, {}) as reader:
        assert await reader.failure() == (
            "An ItemReader reads by arn:aws:states:::s3:getObject, arn:aws:states:::s3:listObjectsV2, "
            "arn:aws:states:::http:invoke, file:read, sql:query, k8s:list or k8s:get, not by arn:aws:states:::s3:headObject."
        )


async def test_a_manifest_is_read_from_s3_alone(tmp_path: Path) -> None:
    async with reading("file:read", {"Path": "a"}, {"InputType": "MANIFEST"}, folder=tmp_path) as reader:
        assert "is read from S3 alone" in await reader.failure()


async def test_readers_of_slow_servers_leave_the_loop_to_others() -> None:
    """Each waits in a thread of its own; more than there are threads wait for a thread."""
    async with serving(a_json=b"[1]") as server, of_url(server, "a.json", {}) as reader:
        assert await asyncio.gather(*(reader.items() for _ in range(40))) == [[1]] * 40
