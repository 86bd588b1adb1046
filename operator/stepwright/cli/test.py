"""``stepwright test``: workflows run offline, as test files say.

Exit codes: 0 all passed, 1 some failed, 2 there is no test, or a test file cannot be used.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from stepwright.cli import plain, substitutes

PASSED, FAILED, UNUSABLE = 0, 1, 2


def test(
    paths: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(
            metavar="[FILE|DIR]...",
            help="Test files (*.test.yaml), or folders to search for them. Default: this folder.",
        ),
    ] = None,
    *,
    only: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("-k", metavar="TEXT", help="Run only the tests with this text in their name."),
    ] = None,
    substitute: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar=substitutes.METAVAR, help=substitutes.HELP),
    ] = None,
    junit: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Write the results as JUnit XML, too."),
    ] = None,
) -> None:
    """Run tests of workflows: tasks are mocked, time is virtual, nothing else is needed.

    Exits with 0 if all passed, 1 if some failed, 2 if there is no test or a test file cannot be used.
    """
    # Imported here: the other commands start without the language.
    from stepwright.testing import report  # noqa: PLC0415

    files, missing = _found(paths or [Path()])
    values = substitutes.values(substitute or [])
    began = time.monotonic()
    verdicts: list[Any] = []
    problems = [f"{path}: there is no such file or folder" for path in missing]
    for file in files:
        verdicts += _run(file, only, values, problems)
    elapsed = time.monotonic() - began
    for verdict in verdicts:
        if not verdict.passed:
            typer.echo("\n" + "\n".join(map(plain.shown, report.details(verdict))))
    if verdicts:
        typer.echo("\n" + report.summary(verdicts, elapsed))
    if junit is not None:
        junit.write_text(report.junit(verdicts, elapsed), encoding="utf-8")
    for problem in problems:
        plain.echo(problem, err=True)
    if not verdicts and not problems:
        typer.echo("stepwright: no tests found: their files are named *.test.yaml", err=True)
    if problems or not verdicts:
        raise typer.Exit(UNUSABLE)
    raise typer.Exit(PASSED if all(verdict.passed for verdict in verdicts) else FAILED)


def _run(file: Path, only: str | None, values: dict[str, Any], problems: list[str]) -> Iterator[Any]:
    """The verdicts of a file; each test is printed as it ends."""
    from stepwright.testing import cases, report  # noqa: PLC0415

    try:
        chosen = [case for case in cases.read(file, values) if only is None or only in case.name]
    except cases.Unusable as error:
        problems += error.problems
        return
    if chosen:
        plain.echo(str(file))
    for case in chosen:
        verdict = report.judge(case)
        plain.echo(report.line(verdict))
        yield verdict


def _found(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """Test files, sorted, each once; and paths that do not exist."""
    from stepwright.testing.cases import SUFFIXES  # noqa: PLC0415

    files: dict[Path, None] = {}
    missing = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                found
                for suffix in SUFFIXES
                for found in path.rglob(f"*{suffix}")
                if not any(
                    part.startswith(".") or part == "node_modules" for part in found.relative_to(path).parts
                )
            )
            files.update(dict.fromkeys(inside))
        elif path.exists():
            files[path] = None
        else:
            missing.append(path)
    return list(files), missing
