"""The file of the keys of task tokens: who may read it, what may stand in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwright.sql import token_keys
from stepwright.sql.token_keys import FILE, BadKeys

A, B = "a" * 64, "b" * 64


def test_where_there_is_none_one_is_made_for_this_user_alone(tmp_path: Path) -> None:
    keys = token_keys.of_folder(tmp_path)

    assert [len(key) for key in keys] == [32]
    assert mode(tmp_path) == 0o600
    assert token_keys.of_folder(tmp_path) == keys
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_each_folder_has_a_key_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert token_keys.of_folder(tmp_path / "a") != token_keys.of_folder(tmp_path / "b")


def test_the_keys_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"# mine\n\n  {B}\n{A}\n")

    assert token_keys.of_folder(tmp_path) == (bytes.fromhex(B), bytes.fromhex(A))


def test_a_file_that_others_may_read_is_for_this_user_alone_from_now_on(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(A)
    (tmp_path / FILE).chmod(0o644)

    token_keys.of_folder(tmp_path)

    assert mode(tmp_path) == 0o600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no key: put one into it, or remove it"),
        ("# nothing\n", "has no key"),
        (f"{A}\nsecret\n", "line 2 of .* is not a key: that is 64 hexadecimal digits"),
        (A.upper(), "line 1"),
        (A[:-1], "line 1"),
        ("\ud800\0".encode("utf-8", "surrogatepass").decode("latin-1"), "line 1"),
    ],
)
def test_a_file_with_anything_else_is_refused_and_left_as_it_is(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / FILE
    file.write_text(text, encoding="utf-8")
    before = file.read_bytes()

    with pytest.raises(BadKeys, match=said) as refused:
        token_keys.of_folder(tmp_path)

    assert file.read_bytes() == before
    assert "secret" not in str(refused.value)


def test_what_a_killed_process_has_left_of_a_new_file_is_no_key(tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.new").write_text(A[:20])

    keys = token_keys.of_folder(tmp_path)

    assert keys != (bytes.fromhex(A),)
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def mode(folder: Path) -> int:
    return (folder / FILE).stat().st_mode & 0o777
