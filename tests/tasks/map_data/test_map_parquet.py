"""Files of Parquet are unpacked in a process of their own, which has an end to what it may take."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from stepwright.asl.failure.errors import StateError
from stepwright.tasks.map_data import parquet, parquet_process
from stepwright.tasks.map_data.local import LocalFile


class Watched(LocalFile):
    """Counts the bytes that are read of it."""

    read = 0

    def range(self, first: int, end: int) -> tuple[bytes, int]:
        found = super().range(first, end)
        self.read += len(found[0])
        return found


def written(folder: Path, table: Any, **options: Any) -> Watched:
    pq.write_table(table, folder / "a.parquet", **options)
    return Watched(folder, "a.parquet")


def refused(file: LocalFile) -> str:
    with pytest.raises(StateError) as failed:
        list(parquet.items(file))
    assert failed.value.error == "States.ItemReaderFailed"
    assert failed.value.cause is not None
    return failed.value.cause


def repeated(text: str, times: int) -> Any:
    """A column that is in the file once."""
    of_one = pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), [text])
    return pa.table({"t": of_one})


def test_a_small_file_that_unpacks_to_more_than_there_is_room_for_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, repeated("x" * 10_000_000, 1_000), compression="zstd")
    assert file.size() < 100_000

    assert refused(file) == (
        "The file a.parquet cannot be read as Parquet: it takes more than 1,024 MiB of memory or 600 seconds to unpack, or a row of "
        "it more than 16 MiB."
    )


def test_a_row_that_is_longer_than_an_item_may_be_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, repeated("x" * 17_000_000, 1), compression="zstd")

    assert "or a row of it more than 16 MiB" in refused(file)


def test_a_file_that_ends_too_soon_is_refused(tmp_path: Path) -> None:
    whole = written(tmp_path, pa.table({"n": list(range(10_000))}))
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(
        content[:4] + bytes(whole.size() // 2) + content[whole.size() // 2 + 4 :]
    )

    assert "The file b.parquet cannot be read as Parquet: " in refused(LocalFile(tmp_path, "b.parquet"))


@pytest.mark.parametrize("skip", [0, 1, 2_499, 2_500, 4_200, 9_999, 10_000])
def test_rows_that_were_read_before_are_left_out(tmp_path: Path, skip: int) -> None:
    table = pa.table({"n": list(range(10_000)), "t": [f"{number:0100}" for number in range(10_000)]})
    file = written(tmp_path, table, row_group_size=2_500, compression="none", use_dictionary=False)

    assert [row["n"] for row in parquet.items(file, skip)] == list(range(skip, 10_000))  # type: ignore[call-overload, index]
    if skip >= 2_500:
        assert file.read < 0.85 * file.size()


def test_whoever_wants_no_more_rows_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            begun.append(self)
            assert "AWS_SECRET_ACCESS_KEY" not in options["env"]

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(subprocess, "Popen", Kept)
    rows = parquet.items(written(tmp_path, pa.table({"n": list(range(100_000))})))
    assert next(rows) == {"n": 0}
    rows.close()  # type: ignore[attr-defined]

    assert [process.returncode is not None for process in begun] == [True]


@pytest.mark.parametrize("said", [b"", b'={"n": 1', b"=" + b"1" * (parquet_process.LONGEST_LINE + 1)])
def test_a_process_that_ends_without_a_word_or_says_too_much_has_failed(tmp_path: Path, said: bytes) -> None:
    file = written(tmp_path, pa.table({"n": [1]}))
    with pytest.raises(StateError, match="cannot be read as Parquet"):
        list(parquet._rows(file, io.BytesIO(), io.BytesIO(said)))
