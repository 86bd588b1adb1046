"""Definitions of a folder, changed by the console: those alone, whole, and never over what somebody else has written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.pages import Answer, Page, id_of
from tests.processes.dev import DevProcess

DEFINITION = "# Kept\nStartAt: A\nStates: {A: {Type: Succeed}}\n"
MANIFEST = f"apiVersion: stepwright.dev/v1\nkind: StateMachine\nspec:\n  definition: {{}}\n# {'x' * 10}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkout")


@pytest.fixture(scope="module")
def editing(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("editing") / "data", "--edit", str(folder)) as process:
        yield process


@pytest.fixture
async def studio(editing: DevProcess) -> Page:
    found = Page(editing.port)
    me = await found.begin()
    assert me["features"]["files"]
    return found


async def written(studio: Page, path: str, text: str, tag: str | None = None) -> Answer:
    return await studio.change(
        "PUT", f"files/{id_of(path)}", {"text": text} | ({} if tag is None else {"tag": tag})
    )


def _hidden(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name.startswith(".")]


async def test_only_files_with_definitions_are_listed(studio: Page, folder: Path) -> None:
    (folder / "list/.git").mkdir(parents=True)
    for name, text in {
        "order.asl.yaml": DEFINITION,
        "order.test.yaml": DEFINITION,
        "machine.yaml": MANIFEST,
        "values.yaml": "password: swordfish\n",
        ".git/hidden.asl.yaml": DEFINITION,
        "notes.txt": DEFINITION,
    }.items():
        (folder / "list" / name).write_text(text)
    found = (await studio.get("files")).json

    assert found["folder"] == str(folder)
    paths = [row["path"] for row in found["files"] if row["path"].startswith("list/")]
    assert paths == ["list/machine.yaml", "list/order.asl.yaml"]
    assert (await studio.get(f"files/{id_of('list/values.yaml')}")).code == (404, "NoSuchFile")


async def test_a_file_is_read_and_replaced_to_the_byte(studio: Page, folder: Path) -> None:
    path = folder / "order.asl.yaml"
    path.write_bytes(DEFINITION.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    read = (await studio.get("files/order.asl.yaml")).json
    assert read["text"] == DEFINITION.replace("\n", "\r\n")

    changed = read["text"].replace("A", "Ä")
    answer = await written(studio, "order.asl.yaml", changed, read["tag"])

    assert answer.status == 200, answer
    assert path.read_bytes() == changed.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (await studio.get("files/order.asl.yaml")).json["tag"] == answer.json["tag"] != read["tag"]
    assert _hidden(folder) == []


async def test_what_was_changed_meanwhile_is_not_written_over(studio: Page, folder: Path) -> None:
    path = folder / "meanwhile.asl.json"
    path.write_text("{}")
    tag = (await studio.get("files/meanwhile.asl.json")).json["tag"]
    path.write_text('{"Comment": "of an editor elsewhere"}')

    assert (await written(studio, path.name, "mine", tag)).code == (412, "FileChanged")
    assert (await written(studio, path.name, "mine")).code == (412, "FileChanged")
    assert "elsewhere" in path.read_text()

    path.unlink()
    assert (await written(studio, path.name, "mine", tag)).code == (412, "FileChanged")
    assert not path.exists()


async def test_a_new_file_is_made_where_there_is_none(studio: Page, folder: Path) -> None:
    assert (await written(studio, "new.asl.yaml", DEFINITION)).status == 200
    assert (folder / "new.asl.yaml").read_text() == DEFINITION
    assert (await written(studio, "new.yaml", DEFINITION)).code == (400, "ValidationException")
    assert (await written(studio, "no/such/folder/new.asl.yaml", DEFINITION)).code == (412, "FileChanged")


@pytest.mark.parametrize(
    "path",
    [
        "../out.asl.yaml",
        "a/../../out.asl.yaml",
        "/etc/out.asl.yaml",
        ".git/hooks.asl.yaml",
        "a//b.asl.yaml",
        "./a.asl.yaml",
        "node_modules/a.asl.yaml",
        "a\0.asl.yaml",
        "a\\b.asl.yaml",
        "run.sh",
        "a/" * 600 + "b.asl.yaml",
    ],
)
async def test_no_path_leads_out_of_the_folder(studio: Page, path: str) -> None:
    assert (await studio.get(f"files/{id_of(path)}")).code == (400, "ValidationException")
    assert (await written(studio, path, DEFINITION)).code == (400, "ValidationException")


async def test_no_link_is_followed(studio: Page, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.asl.yaml"
    secret.write_text("secret: swordfish\n")
    (folder / "link.asl.yaml").symlink_to(secret)
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.asl.yaml")

    for path in ("link.asl.yaml", "away/secret.asl.yaml", "pipe.asl.yaml"):
        assert (await studio.get(f"files/{id_of(path)}")).code == (404, "NoSuchFile"), path
        for tag in (None, "0" * 64):
            assert (await written(studio, path, "mine", tag)).code == (412, "FileChanged"), path
    assert (await written(studio, "away/new.asl.yaml", "mine")).code == (412, "FileChanged")

    assert secret.read_text() == "secret: swordfish\n"
    assert not (tmp_path / "new.asl.yaml").exists()
    assert "link.asl.yaml" not in {row["path"] for row in (await studio.get("files")).json["files"]}


async def test_without_a_folder_there_are_no_files(page: Page) -> None:
    assert "files" not in (await page.begin())["features"]
    assert (await page.get("files")).code == (404, "NoSuchRoute")
