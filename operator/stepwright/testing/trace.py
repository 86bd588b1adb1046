"""An execution as people read it: state by state, with its virtual times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stepwright.testing import durations
from stepwright.testing.result import Result, Visit, split

_MARKS = {"Succeeded": "✓", "Caught": "!", "Failed": "✗", "TimedOut": "✗", "Aborted": "-", None: "…"}


def lines(result: Result, most: int = 40) -> list[str]:
    """At most so many states; of longer executions the newest."""
    shown = _by_branch(result.visits)[-most:]
    left_out = len(result.visits) - len(shown)
    width = max((len(_name(visit)) for visit in shown), default=0)
    told = [f"({left_out} states before)"] if left_out else []
    told += [f"{_name(visit):<{width}}  {_details(visit)}" for visit in shown]
    return [line.rstrip() for line in [*told, *_end(result)]]


def _by_branch(visits: Sequence[Visit]) -> list[Visit]:
    """Groups the visits of a branch below the state that it belongs to."""
    newest: dict[str, tuple[int, ...]] = {}
    keys = []
    for number, visit in enumerate(visits):
        around = visit.path[: len(visit.path) - len(visit.state)]
        key: tuple[int, ...] = (number,)
        if around:
            path, index = split(around)
            key = (*newest[path], index, number)
        newest[visit.path] = key
        keys.append(key)
    return [visit for _, visit in sorted(zip(keys, visits, strict=True))]


def _name(visit: Visit) -> str:
    depth = visit.path.count("]/")
    inner = visit.path[visit.path.rfind("[", 0, -len(visit.state)) :] if depth else visit.path
    return f"{'  ' * depth}{_MARKS[visit.outcome]} {inner}"


def _details(visit: Visit) -> str:
    return ", ".join(_said(visit))


def _said(visit: Visit) -> Iterator[str]:
    yield visit.type
    if visit.entered_after_seconds:
        yield f"after {durations.text(visit.entered_after_seconds)}"
    if visit.seconds:
        yield f"took {durations.text(visit.seconds)}"
    if visit.attempts > 1:
        yield f"{visit.attempts} attempts"
    if visit.outcome not in ("Succeeded", None):
        yield visit.outcome or ""
    if visit.error:
        yield visit.error


def _end(result: Result) -> list[str]:
    said = f"{result.status} after {durations.text(result.seconds)}"
    if result.error:
        said += f": {result.error}" + (f": {result.cause}" if result.cause else "")
    if result.waits_for:
        said += f": waits for {', '.join(result.waits_for)}"
    return [said]
