"""The recorded interactions with AWS, replayed against ``stepwright dev``: ``make conformance`` and the tests.

What is replayed and how it is compared belongs to the data, not to this repository (``tests/data/conformance.py`` says
where it is looked for). Its runner plays the Lambda functions of the records, too; no other service is there.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tests.data import conformance
from tests.processes.dev import DevProcess
from tests.testcluster.ports import free_port

Need = Literal["nothing", "functions", "services"]
"""What a record needs beside the server: nothing, Lambda functions, or services that nobody plays here."""

KNOWN: Final[Mapping[str, str]] = {
    "test_assign_reference_variables::TestAssignReferenceVariables::test_reference_in_map_state"
    "[MAP_STATE_REFERENCE_IN_MAX_CONCURRENCY_PATH]#0": "where AWS's API gives the text of a number, the recording has "
    "the number",
    "test_timeouts::TestTimeouts::test_service_lambda_map_timeout#0": "AWS took four time-outs of the same instant in "
    "at once and in an order of its own, which it does not repeat; a step takes one",
}
"""Records that no server can pass, or none but by chance, by their id."""


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
    environment = {"AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{port}"}
    with DevProcess(folder / "data", environment=environment) as dev:
        command = [
            *(sys.executable, str(data / "conformance.py"), "--corpus", str(data / "aws")),
            *("--endpoint", dev.url, "--level", "history", "--json", str(results), "--timeout", "60"),
            *("--all", "--lambda-port", str(port)),
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
    need: Need = "nothing" if not services else "functions" if "lambda" in services else "services"
    if not services <= {
        "lambda",
        "credentials",
    }:  # a role to assume is nothing that anybody would have to play
        need = "services"
    if said["result"] == "skip":
        return Result(said["id"], said["category"], need, None, said["reason"])
    if need == "services":
        return Result(said["id"], said["category"], need, None, needs)
    why = "" if said["result"] == "pass" else json.dumps(said["diffs"][:1], ensure_ascii=False)
    return Result(said["id"], said["category"], need, said["result"] == "pass", why)


def table(results: Iterable[Result]) -> str:
    """By category, in Markdown: records, those that run, those of them that pass, and what the others need."""
    rows: dict[str, list[Result]] = collections.defaultdict(list)
    for result in results:
        for row in (result.category, "**all**"):
            rows[row].append(result)
    lines = [
        "| category | records | run | passed | run with functions | passed | not run |",
        "| --- |" + " ---: |" * 6,
    ]
    for name in sorted(rows, key=lambda row: (row == "**all**", row)):
        counts = []
        for need in ("nothing", "functions"):
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
        print(f"\nfailed: {result.id}\n  {KNOWN.get(result.id, result.why)}")
    return int(any(result.id not in KNOWN for result in failed))


if __name__ == "__main__":
    sys.exit(main())
