"""``--watch``: the progress of an execution, on stderr, since stdout is for its result.

On a terminal past events scroll by as lines, with states in branches indented, and what is under way is shown
below them with its time so far. If stderr is not a terminal there is a line for each change.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer

from stepwright.asl.step import Visit
from stepwright.cli import plain

Show = Callable[[Visit], None]

_FORKS: Final = ("Parallel", "Map")
_MOST_UNDER_WAY: Final = 15
"""A Map may have forty iterations at once, and a terminal has few more lines."""


@contextmanager
def watching(wanted: bool) -> Iterator[Show]:
    if not wanted:
        yield lambda _visit: None
    elif sys.stderr.isatty():
        with _live() as show:
            yield show
    else:
        attempts: dict[int, int] = {}

        def show_change(visit: Visit) -> None:
            """Shows an attempt once: a visit comes again when it is to begin, and when it has begun."""
            if visit.outcome is not None or attempts.get(visit.id) != visit.attempts:
                attempts[visit.id] = visit.attempts
                _line(visit)

        yield show_change


def _line(visit: Visit) -> None:
    if visit.outcome is None:
        retried = f", attempt {visit.attempts}" if visit.attempts > 1 else ""
        line = f"  … {visit.path} ({visit.type}{retried})"
    else:
        mark = "✓" if visit.outcome == "Succeeded" else "✗"
        failed = f": {visit.error}" if visit.error else ""
        line = f"  {mark} {visit.path} {visit.outcome} in {_seconds(visit):.3f} s{failed}"
    typer.echo(plain.in_a_line(line), err=True)


@contextmanager
def _live() -> Iterator[Show]:
    # Imported here: only watching should wait for it.
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(stderr=True, highlight=False)
    under_way: dict[int, Visit] = {}
    spinners: dict[int, Spinner] = {}

    def table() -> Table:
        """States under way, without those that only wait for their branches."""
        grid = Table.grid(padding=(0, 1))
        leaves = [visit for visit in list(under_way.values()) if visit.type not in _FORKS]
        for visit in leaves[:_MOST_UNDER_WAY]:
            retried = f"attempt {visit.attempts}, " if visit.attempts > 1 else ""
            taken = max(0.0, time.time() - visit.started / 1000)
            spinner = spinners.setdefault(visit.id, Spinner("dots", style="cyan"))
            grid.add_row(
                "", spinner, Text(plain.in_a_line(visit.path)), Text(f"{retried}{int(taken)} s", style="dim")
            )
        if len(leaves) > _MOST_UNDER_WAY:
            grid.add_row("", "", Text(f"and {len(leaves) - _MOST_UNDER_WAY} more", style="dim"))
        return grid

    with Live(get_renderable=table, console=console, refresh_per_second=8, transient=True) as live:

        def show(visit: Visit) -> None:
            known = under_way.get(visit.id)
            if visit.outcome is not None:
                under_way.pop(visit.id, None)
                spinners.pop(visit.id, None)
            else:
                under_way[visit.id] = visit
            line = _told(visit, known)
            if line is not None:
                mark, style, text, more = line
                indent = "  " * (visit.path.count("]/") + 1)
                said = Text.assemble(
                    indent, (mark, style), f" {plain.in_a_line(text)}", (f"  {plain.in_a_line(more)}", "dim")
                )
                live.refresh()  # first, or an ended state would appear below its own line for a moment
                live.console.print(said, soft_wrap=True)
            else:
                live.refresh()

        yield show


def _told(visit: Visit, known: Visit | None) -> tuple[str, str, str, str] | None:
    """A permanent line: its mark and the mark's style, the state, and the details."""
    name = visit.path[visit.path.rfind("[", 0, -len(visit.state)) :] if "]/" in visit.path else visit.path
    if visit.outcome is None:
        if known is not None and visit.attempts > known.attempts:
            return "↻", "yellow", name, f"{visit.error or 'failed'}, attempt {visit.attempts} follows"
        return ("▸", "cyan", name, visit.type) if known is None and visit.type in _FORKS else None
    well = visit.outcome == "Succeeded"
    more = [f"{_seconds(visit):.3f} s"]
    if visit.attempts > 1:
        more.append(f"{visit.attempts} attempts")
    if not well:
        more.append(visit.outcome)
    if visit.error:
        more.append(visit.error)
    return "✓" if well else "✗", "green" if well else "red", name, ", ".join(more)


def _seconds(visit: Visit) -> float:
    return 0.0 if visit.ended is None else (visit.ended - visit.started) / 1000
