"""Logs of processes that are over stay, as many as there is room for, and nothing else of them does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stepwright.tasks.processes import kept_logs
from stepwright.tasks.processes.kept_logs import LARGEST_FILE_BYTES, KeptLogs


def workplace(folder: Path, name: str, **files: bytes) -> Path:
    place = folder / "tasks" / name
    place.mkdir(parents=True)
    for file, text in files.items():
        (place / file).write_bytes(text)
    return place


def kept(logs: KeptLogs, task: str) -> dict[str, bytes]:
    folder = logs.of(task)
    assert folder is not None
    return {file.name: file.read_bytes() for file in kept_logs.written_in(folder)}


def test_only_what_was_written_is_kept_and_of_much_the_end(tmp_path: Path) -> None:
    logs = KeptLogs(tmp_path / "logs")
    long = b"x" * LARGEST_FILE_BYTES + b"the end"
    logs.keep(workplace(tmp_path, "u-1", stdout=long, stderr=b"", output=b"{}", pid=b"7"))
    logs.keep(workplace(tmp_path, "u-2", stdout=b"", stderr=b""))
    logs.keep(tmp_path / "tasks" / "u-3")  # it never began

    assert kept(logs, "u-1") == {"stdout": long[-LARGEST_FILE_BYTES:]}
    assert logs.of("u-2") is None
    assert logs.of("u-3") is None
    assert [folder.name for folder in (tmp_path / "logs").iterdir()] == ["u-1"]
    assert (tmp_path / "logs" / "u-1").stat().st_mode & 0o077 == 0


def test_the_oldest_go_first_also_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_logs, "MOST_BYTES", 25)
    logs = KeptLogs(tmp_path / "logs")
    for number in range(4):
        logs.keep(workplace(tmp_path, f"u-{number}", stdout=b"0123456789"))
        if number > 1:
            os.utime(tmp_path / "logs" / f"u-{number}", (number, number))
    assert [logs.of(f"u-{number}") is None for number in range(4)] == [True, True, False, False]

    again = KeptLogs(tmp_path / "logs")
    again.keep(workplace(tmp_path, "u-9", stdout=b"0123456789"))
    assert [again.of(f"u-{number}") is None for number in (2, 3, 9)] == [True, False, False]
    assert sorted(folder.name for folder in (tmp_path / "logs").iterdir()) == ["u-3", "u-9"]


def test_links_that_a_task_leaves_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish")
    place = workplace(tmp_path, "u-1", stderr=b"mine")
    (place / "stdout").symlink_to(secret)
    (place / "stdout.1").symlink_to(secret)
    (place / "stdout.0").write_bytes(b"index 0")
    (place / "stdout.x").write_bytes(b"no index")
    logs = KeptLogs(tmp_path / "logs")
    logs.keep(place)

    assert kept(logs, "u-1") == {"stderr": b"mine", "stdout.0": b"index 0"}
    assert secret.read_text() == "swordfish"


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    logs = KeptLogs(tmp_path / "logs")
    place = workplace(tmp_path, "u-1", stdout=b"text")
    logs.keep(place)

    assert logs.of("u-1") is None
    assert (place / "stdout").exists()
