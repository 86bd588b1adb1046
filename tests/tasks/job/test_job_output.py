"""What a finished container gave: exact JSON, a summary, or an error."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.failure.errors import StateError
from stepwright.asl.text import jsontext
from stepwright.tasks.job import facts, logs, output
from tests.tasks.job.test_job_verdict import job, pod


def terminated(message: str | None) -> facts.Terminated:
    return facts.Terminated(0, "Completed", message, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z")


@pytest.mark.parametrize(
    "text", ["1.0", "0.0", "18446744073709551616", "null", '"$(X) $$"', '{"z":1,"a":[2.50,"ü"]}', " \n[]\n "]
)
def test_output_is_exact_json(text: str) -> None:
    expected = jsontext.dump(jsontext.parse(text))

    assert jsontext.dump(output.from_message(pod(), terminated(text))) == expected
    assert jsontext.dump(output.from_line(pod(), text.encode())) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": [1, ', "(10 bytes) is not JSON"),
        ("done", "(4 bytes) is not JSON"),
        ("NaN", "is not JSON"),
        ("1 2", ""),
    ],
)
def test_what_is_not_json_is_an_error_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(StateError) as caught:
        output.from_message(pod(), terminated(text))

    cause = caught.value.cause or ""
    assert caught.value.error == "Job.OutputInvalid"
    assert cause.startswith(
        "What was written to $STEPWRIGHT_OUTPUT_FILE by container main of pod order-7-5-x-abcde ("
    )
    assert problem in cause
    assert " at line 1, column " in cause


@pytest.mark.parametrize(("containers", "limit"), [(1, 4096), (3, 4096), (4, 3072), (12, 1024)])
def test_what_may_be_cut_off_is_too_large(containers: int, limit: int) -> None:
    this = pod(containers={f"c{number}": None for number in range(containers)})

    assert output.from_message(this, terminated('"' + "x" * (limit - 3) + '"')) == "x" * (limit - 3)
    with pytest.raises(StateError) as caught:
        output.from_message(this, terminated('"' + "x" * (limit - 2) + '"'))
    assert caught.value.error == "Job.OutputTooLarge"
    assert f"of which Kubernetes keeps only the last {limit:,}: write less, or" in (caught.value.cause or "")


def test_bytes_count_not_characters() -> None:
    with pytest.raises(StateError, match=r"Job\.OutputTooLarge"):
        output.from_message(pod(), terminated('"' + "ü" * 2048 + '"'))


def test_a_line_may_have_256_kib() -> None:
    size = 256 * 1024

    assert output.from_line(pod(), b'"' + b"x" * (size - 2) + b'"') == "x" * (size - 2)
    with pytest.raises(StateError, match=r"Job\.OutputTooLarge"):
        output.from_line(pod(), b'"' + b"x" * (size - 1) + b'"')


def test_a_line_that_is_not_utf8_is_an_error() -> None:
    with pytest.raises(StateError) as caught:
        output.from_line(pod(), b'"\xff"')

    assert caught.value.error == "Job.OutputInvalid"
    assert "is not UTF-8: byte 2" in (caught.value.cause or "")


def test_no_output_gives_a_summary() -> None:
    assert output.summary(job(), terminated("")) == {
        "jobName": "order-7-5-x",
        "jobUid": "0a1b",
        "exitCode": 0,
        "startedAt": "2026-01-01T00:00:00Z",
        "finishedAt": "2026-01-01T00:00:01Z",
    }


def test_bytes_that_kubernetes_replaced_are_an_error() -> None:
    with pytest.raises(StateError) as caught:
        output.from_message(pod(), terminated('"a\ufffdb"'))

    assert caught.value.error == "Job.OutputInvalid"
    assert (caught.value.cause or "").endswith(
        "is not UTF-8 (the character U+FFFD itself must be written as \\ufffd)."
    )
    assert output.from_message(pod(), terminated('"\\ufffd"')) == "\ufffd"


class Log:
    """A container's log as the kubelet stores it: pieces, of which only some end a line."""

    def __init__(self, *pieces: str) -> None:
        self._pieces = pieces
        self.asked: list[int] = []

    async def log(self, _namespace: str, _pod: str, _container: str, *, tail_lines: int) -> bytes:
        self.asked.append(tail_lines)
        return "".join(self._pieces[-tail_lines:]).encode()


LINES: list[tuple[str, list[str], str, int]] = [
    ("none", [], "", 2),
    ("one", ["1\n"], "1", 2),
    ("one, not ended", ["1"], "1", 2),
    ("several", ["first\n", "2\n"], "2", 1),
    ("blank lines at the end", ["first\n", "2\n", " \n", "\n"], "2", 1),
    ("cut at 16 KiB", ["first\n", *["x" * 16384] * 13, "end\n"], "x" * 16384 * 13 + "end", 1),
    ("cut small", ["first\n", *["x" * 10] * 100], "x" * 1000, 2),
]


@pytest.mark.parametrize(
    ("pieces", "expected", "requests"), [case[1:] for case in LINES], ids=[case[0] for case in LINES]
)
async def test_the_last_line_is_read_whole(pieces: list[str], expected: str, requests: int) -> None:
    log: Any = Log(*pieces)

    assert (await logs.last_line(log, "shop", "p", "main")).decode() == expected
    assert len(log.asked) == requests


async def test_a_line_in_countless_pieces_is_refused() -> None:
    log: Any = Log(*["x"] * 9000)

    with pytest.raises(StateError, match="write it at once"):
        await logs.last_line(log, "shop", "p", "main")


async def test_the_tail_is_short() -> None:
    log: Any = Log("x" * 5000 + "\n")

    assert await logs.tail(log, "shop", "p", "main") == " The end of its log:\n…" + "x" * 2000
