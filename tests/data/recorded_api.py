"""The recorded interactions with AWS, replayed against ``stepwright dev``: ``make conformance`` and the tests.

What is replayed and how it is compared belongs to the data, not to this repository (``tests/data/conformance.py`` says
where it is looked for). Its runner plays the Lambda functions of the records, too; moto's server plays the other services.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tests.data import conformance
from tests.processes import moto
from tests.processes.dev import DevProcess
from tests.testcluster.ports import free_port

Need = Literal["nothing", "functions", "services"]
"""What a record needs beside the server: nothing, Lambda functions (and perhaps a role to assume, which is asked of nobody),
or other services of AWS."""

JOBS: Final = 16
"""Records that are replayed at once: most of their time they wait."""

EXCEPTIONS: Final = Path(__file__).with_name("recorded_exceptions.toml")


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Why a record is not answered as AWS did. ``by_chance``: it may be, now and then."""

    reason: str
    by_chance: bool


@cache
def exceptional() -> Mapping[str, Exceptional]:
    """By the ids of the records."""
    groups = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8"))["exception"]
    return {
        id: Exceptional(group["reason"], group.get("by_chance", False))
        for group in groups
        for id in group["records"]
    }


@dataclass(frozen=True, slots=True)
class Result:
    id: str
    category: str
    need: Need
    passed: bool | None
    """None: not run; ``why`` says for what reason."""
    why: str


def replay(folder: Path, categories: Sequence[str] = ()) -> list[Result]:
    """The result of each record of the categories, of all where none is named; ``folder`` is for the server's data."""
    data = conformance.folder()
    assert data is not None
    results = folder / "results.json"
    port = free_port()
    (folder / "moto").mkdir()
    with moto.serving("127.0.0.1", folder / "moto") as aws:
        environment = {"AWS_ENDPOINT_URL": aws, "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{port}"}
        with DevProcess(folder / "data", environment=environment) as dev:
            command = [
                *(sys.executable, str(data / "conformance.py"), "--corpus", str(data / "aws")),
                *("--endpoint", dev.url, "--level", "history", "--json", str(results), "--timeout", "60"),
                *("--all", "--lambda-port", str(port), "--aws-endpoint", aws, "--jobs", str(JOBS)),
                *(word for category in categories for word in ("--category", category)),
            ]
            subprocess.run(command, check=True, timeout=900, stdout=subprocess.DEVNULL)
    needs = _needs()
    found = json.loads(results.read_text(encoding="utf-8"))["results"]
    return [_result(one, needs[one["id"]]) for one in found]


def _needs() -> dict[str, str]:
    """Why the runner would skip a record without other services; empty where it would not."""
    alone = argparse.Namespace(all=False, aws_endpoint=None, lambda_port=None)
    skip_reason = conformance.runner().skip_reason
    return {record["id"]: skip_reason(record, alone) or "" for record in conformance.records()}


def _result(said: Mapping[str, Any], needs: str) -> Result:
    services = set(needs.removeprefix("needs ").split(", ")) if needs.startswith("needs ") else set()
    need: Need = (
        "services" if services - {"lambda", "credentials"} else "functions" if services else "nothing"
    )
    if said["result"] == "skip":
        return Result(said["id"], said["category"], need, None, said["reason"])
    why = "" if said["result"] == "pass" else json.dumps(said["diffs"][:1], ensure_ascii=False)
    return Result(said["id"], said["category"], need, said["result"] == "pass", why)


def table(results: Iterable[Result]) -> str:
    """By category, in Markdown: records, those that run, those of them that pass, and what the others need."""
    rows: dict[str, list[Result]] = collections.defaultdict(list)
    for result in results:
        for row in (result.category, "**all**"):
            rows[row].append(result)
    lines = [
        "| category | records | run | passed | run with functions | passed | run with services | passed | not run |",
        "| --- |" + " ---: |" * 8,
    ]
    for name in sorted(rows, key=lambda row: (row == "**all**", row)):
        counts = []
        for need in get_args(Need):
            ran = [result for result in rows[name] if result.need == need and result.passed is not None]
            counts += [len(ran), sum(result.passed is True for result in ran)]
        idle = sum(result.passed is None for result in rows[name])
        lines.append("| " + " | ".join(map(str, (name, len(rows[name]), *counts, idle))) + " |")
    return "\n".join(lines)


def main() -> int:
    """All categories, or those named as arguments. The exit code says whether a record failed that may not."""
    if conformance.folder() is None:
        print(f"Nothing to compare with: {conformance.WHY_SKIPPED}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        results = replay(Path(folder), sys.argv[1:])
    print(table(results))
    for why, count in collections.Counter(r.why for r in results if r.passed is None).most_common():
        print(f"not run: {count:3}  {why}")
    failed = [result for result in results if result.passed is False]
    for result in failed:
        known = exceptional().get(result.id)
        print(f"\nfailed: {result.id}\n  {known.reason if known else result.why}")
    return int(any(result.id not in exceptional() for result in failed))


if __name__ == "__main__":
    sys.exit(main())
